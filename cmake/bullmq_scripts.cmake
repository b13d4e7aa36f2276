# The Lua scripts that are BullMQ's protocol, out of its npm package (MIT), at configure time: fetched, checked
# against the hash, its includes resolved, made lighter for Redis, a loop put around them (src/queue/many_calls.lua),
# and written as string constants to a source file of the build tree.
set(INPAINT_BULLMQ_VERSION 6.7.0)
# What `npm view bullmq@6.7.0 dist.integrity` says, in hexadecimal.
string(CONCAT INPAINT_BULLMQ_SHA512
  f8b9cab2a67e3d157f22e97b4fce2a11960e7b0b20b679e64dcdff4e35d993a7
  5268e78aebc02e47fa7cbb343a58843c26f7ff1a38ad8ec52b99369157671fb1)

# Sets `result` to the package's file in the build tree, or to nothing when it can't be had. npm knows how its
# registry is reached from this machine; without npm the registry is asked directly.
function(inpaint_fetch_bullmq result)
  set(directory ${PROJECT_SOURCE_DIR}/build/bullmq)
  set(package ${directory}/bullmq-${INPAINT_BULLMQ_VERSION}.tgz)
  file(MAKE_DIRECTORY ${directory})
  find_program(NPM npm)
  if(NOT EXISTS ${package} AND NPM)
    execute_process(COMMAND ${NPM} pack --silent --pack-destination ${directory} bullmq@${INPAINT_BULLMQ_VERSION}
      WORKING_DIRECTORY ${directory} OUTPUT_QUIET ERROR_QUIET)
  endif()
  if(NOT EXISTS ${package})
    set(registry https://registry.npmjs.org)
    if(DEFINED ENV{NPM_CONFIG_REGISTRY})
      set(registry $ENV{NPM_CONFIG_REGISTRY})
    endif()
    string(REGEX REPLACE "/$" "" registry ${registry})
    file(DOWNLOAD ${registry}/bullmq/-/bullmq-${INPAINT_BULLMQ_VERSION}.tgz ${package}.part TIMEOUT 60
      STATUS status)
    list(GET status 0 code)
    if(code EQUAL 0)
      file(RENAME ${package}.part ${package})
    else()
      file(REMOVE ${package}.part)
    endif()
  endif()
  set(${result} "" PARENT_SCOPE)
  if(EXISTS ${package})
    file(SHA512 ${package} hash)
    if(NOT hash STREQUAL INPAINT_BULLMQ_SHA512)
      file(REMOVE ${package})
      message(FATAL_ERROR "bullmq ${INPAINT_BULLMQ_VERSION} came with the wrong contents (SHA-512 ${hash}).")
    endif()
    set(${result} ${package} PARENT_SCOPE)
  endif()
endfunction()

# Takes the lines `--- @include "path"` out of a file: `functions` becomes what they name, each file once, after what it
# includes itself; `body` the rest. The global property remembers what a script has had.
function(inpaint_resolve_includes file functions body)
  file(READ ${file} rest)
  get_filename_component(directory ${file} DIRECTORY)
  set(included_text "")
  while(rest MATCHES "--- @include \"([^\"]+)\"")
    set(line "${CMAKE_MATCH_0}")
    set(included "${directory}/${CMAKE_MATCH_1}.lua")
    string(REPLACE "${line}" "" rest "${rest}")
    get_property(had GLOBAL PROPERTY INPAINT_INCLUDED)
    if(NOT included IN_LIST had)
      set_property(GLOBAL APPEND PROPERTY INPAINT_INCLUDED ${included})
      inpaint_resolve_includes(${included} inner_functions inner_body)
      string(APPEND included_text "${inner_functions}${inner_body}\n")
    endif()
  endwhile()
  set(${functions} "${included_text}" PARENT_SCOPE)
  set(${body} "${rest}" PARENT_SCOPE)
endfunction()

# What a script asks or does again for each of many calls, though nothing that runs between them makes it another, and of
# what: how the queue is set, the marker that wakes a worker, the trimming of events, which is approximate anyway, which
# delayed jobs are due, where there is none (what becomes due meanwhile is for the next to see), the options of a job.
set(INPAINT_BULLMQ_REPEATED
  [[metaKey: rcall("HGET", metaKey, "opts.maxLenEvents")]]
  [[queueMetaKey: rcall("HMGET", queueMetaKey, "paused", "concurrency")]]
  [[queueMetaKey: rcall("HMGET", queueMetaKey, "paused", "concurrency", "max", "duration")]]
  [[markerKey: rcall("ZADD", markerKey, 0, "0")]]
  [[eventStreamKey: rcall("XTRIM", eventStreamKey, "MAXLEN", "~", maxEvents)]]
  [[delayedKey: rcall("ZRANGEBYSCORE", delayedKey, 0, (timestamp + 1) * 0x1000 - 1, "LIMIT", 0, 1000)]]
  [[ARGV[3]: cmsgpack.unpack(ARGV[3])]]
  [[opts: cjson.encode(opts)]])
set(INPAINT_BULLMQ_DUE_JOBS_ARE_TAKEN [[rcall("ZREM", delayedKey, unpack(jobs))]])
# All fields of a job are part of an answer; those that bullmq_protocol.cpp reads, in its order, are enough.
set(INPAINT_BULLMQ_ALL_FIELDS [[rcall("HGETALL", jobKey), jobId]])
set(INPAINT_BULLMQ_READ_FIELDS [[rcall("HMGET", jobKey, "atm", "stc", "defa", "priority"), jobId]])

# Replaces in the text that `variable` names, and remembers that there was something to replace.
function(inpaint_replace variable old new)
  string(REPLACE "${old}" "${new}" text "${${variable}}")
  if(NOT text STREQUAL "${${variable}}")
    set_property(GLOBAL APPEND PROPERTY INPAINT_REPLACED "${old}")
  endif()
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

# Has the text of a script ask and do what is repeated once for many calls.
function(inpaint_remember_repeated functions_variable body_variable)
  set(functions "${${functions_variable}}")
  set(body "${${body_variable}}")
  set(place 0)
  foreach(repeated IN LISTS INPAINT_BULLMQ_REPEATED)
    math(EXPR place "${place} + 1")
    string(REGEX MATCH "^([^:]+): (([a-z.]+)\\(.*)$" matched "${repeated}")
    set(key "${CMAKE_MATCH_1}")
    set(step "${CMAKE_MATCH_2}")
    string(REPLACE "${CMAKE_MATCH_3}(" "remembered(${place}, ${key}, ${CMAKE_MATCH_3}, " once "${step}")
    inpaint_replace(functions "${step}" "${once}")
    inpaint_replace(body "${step}" "${once}")
  endforeach()
  inpaint_replace(functions "${INPAINT_BULLMQ_DUE_JOBS_ARE_TAKEN}"
    "forget(delayedKey) ${INPAINT_BULLMQ_DUE_JOBS_ARE_TAKEN}")
  set(${functions_variable} "${functions}" PARENT_SCOPE)
  set(${body_variable} "${body}" PARENT_SCOPE)
endfunction()

# Numbers in a command become the texts that Redis would make of them, each time, by printf for doubles.
function(inpaint_write_numbers_as_texts variable)
  set(text "${${variable}}")
  set(until_number "(rcall|remembered)\\([^()]*(\\([^()]*\\)[^()]*)?,")
  set(before "")
  while(NOT before STREQUAL text)
    set(before "${text}")
    string(REGEX REPLACE "(${until_number}) *(-?[0-9]+)( *[,)])" "\\1 \"\\4\"\\5" text "${before}")
  endwhile()
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

# Changes the text of a script so that it does the same to the queue with less work for Redis, all of whose scripts, of
# all processes, run on one core.
function(inpaint_lighten_script functions_variable body_variable)
  set(functions "${${functions_variable}}")
  set(body "${${body_variable}}")
  # Whoever pauses a queue takes the marker away, and may not take it for set.
  if(NOT body MATCHES "\"DEL\", markerKey|\"HSET\", KEYS.[0-9]., \"paused\"")
    inpaint_remember_repeated(functions body)
  endif()
  inpaint_replace(functions "${INPAINT_BULLMQ_ALL_FIELDS}" "${INPAINT_BULLMQ_READ_FIELDS}")
  inpaint_write_numbers_as_texts(functions)
  inpaint_write_numbers_as_texts(body)
  set(${functions_variable} "${functions}" PARENT_SCOPE)
  set(${body_variable} "${body}" PARENT_SCOPE)
endfunction()

# Writes `source` with the scripts named NAME-KEYS, as queue/bullmq_scripts.h declares them. Without the package
# they are empty, and the program refuses to use Redis.
function(inpaint_write_bullmq_scripts source)
  inpaint_fetch_bullmq(package)
  set(unpacked ${CMAKE_BINARY_DIR}/bullmq-${INPAINT_BULLMQ_VERSION})
  if(package)
    file(ARCHIVE_EXTRACT INPUT ${package} DESTINATION ${unpacked} PATTERNS "package/dist/cjs/commands/*.lua")
  else()
    message(WARNING "bullmq ${INPAINT_BULLMQ_VERSION} can't be fetched, neither by npm nor from its registry. "
      "The build goes on without the queue on Redis: REDIS_HOST will be refused. Configure again when online.")
  endif()
  set(many_calls_file ${PROJECT_SOURCE_DIR}/src/queue/many_calls.lua)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${many_calls_file})
  file(READ ${many_calls_file} many_calls)
  set(code "// Made by cmake/bullmq_scripts.cmake out of bullmq ${INPAINT_BULLMQ_VERSION} (MIT).\n")
  string(APPEND code "#include \"queue/bullmq_scripts.h\"\n\nnamespace inpaint::queue::bullmq {\n\n")
  foreach(script ${ARGN})
    string(REGEX MATCH "^([A-Za-z0-9]+)-([0-9]+)$" matched ${script})
    string(SUBSTRING ${CMAKE_MATCH_1} 0 1 initial)
    string(SUBSTRING ${CMAKE_MATCH_1} 1 -1 tail)
    set(keys ${CMAKE_MATCH_2})
    string(TOUPPER ${initial} initial)
    set(text "")
    if(package)
      set_property(GLOBAL PROPERTY INPAINT_INCLUDED "")
      inpaint_resolve_includes(${unpacked}/package/dist/cjs/commands/${script}.lua functions body)
      # The functions stand outside of the script now. What they must not use either, and no pattern finds, is a local
      # of the script's own: tests/interop is what a new version has to pass.
      if(functions MATCHES "(KEYS|ARGV) *\\[")
        message(FATAL_ERROR "An include of ${script} reads keys or arguments, which only the script itself is given.")
      endif()
      inpaint_lighten_script(functions body)
      string(REPLACE "@KEY_COUNT@" "${keys}" text "${many_calls}")
      string(REPLACE "@FUNCTIONS@" "${functions}" text "${text}")
      string(REPLACE "@BODY@" "${body}" text "${text}")
    endif()
    string(SHA1 hash "${text}")
    string(APPEND code "const Script k${initial}${tail}{${keys}, \"${hash}\", R\"lua(${text})lua\"};\n\n")
  endforeach()
  string(APPEND code "}  // namespace inpaint::queue::bullmq\n")
  get_property(replaced GLOBAL PROPERTY INPAINT_REPLACED)
  foreach(old IN LISTS INPAINT_BULLMQ_REPEATED INPAINT_BULLMQ_DUE_JOBS_ARE_TAKEN INPAINT_BULLMQ_ALL_FIELDS)
    string(REGEX REPLACE "^[^:]+: " "" old "${old}")
    if(package AND NOT old IN_LIST replaced)
      message(FATAL_ERROR "No script of bullmq ${INPAINT_BULLMQ_VERSION} has this any more: ${old}")
    endif()
  endforeach()
  if(EXISTS ${source})
    file(READ ${source} before)
  endif()
  if(NOT "${code}" STREQUAL "${before}")
    file(WRITE ${source} "${code}")
  endif()
endfunction()
