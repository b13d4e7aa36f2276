# Changes the text of BullMQ's scripts so that they do the same to the queue with less work for Redis, all of whose
# scripts, of all processes, run on one core. SharedConnectionsTest compares what they do with what the published ones do.
# A new version of BullMQ in which something here is not found, or could be wrong, ends the configuration.

# The scripts of which many calls come together.
set(INPAINT_BULLMQ_FREQUENT addPrioritizedJob-9 addStandardJob-9 moveToActive-11 moveToFinished-14)

# Each line: what a step of theirs is about, and the step. It is done once for all calls that come together, because no
# call makes it another one for the next:
# - how the queue is set, which only other scripts change;
# - the marker that wakes a worker, which nobody takes away meanwhile;
# - the trimming of events, which is approximate anyway;
# - the look for delayed jobs that are due, where it finds none: what becomes due meanwhile is for the next to find;
# - reading and writing the options of a job, which many have in common.
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
# What would make that wrong: the marker taken away, the queue's settings, the options or the arguments changed.
set(INPAINT_BULLMQ_UNFIT "\"(DEL|ZREM|ZPOPMIN|UNLINK)\", *[A-Za-z]*[mM]arkerKey"
  "\"(HSET|HMSET|HDEL)\", *[A-Za-z]*[mM]etaKey, *\"(paused|concurrency|max|duration)\""
  "[^A-Za-z]opts(\\.[A-Za-z]+|.['\"][A-Za-z]+['\"].) *=[^=]" "(KEYS|ARGV).[0-9]+. *=[^=]")

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

function(inpaint_do_repeated_steps_once script functions_variable body_variable)
  set(functions "${${functions_variable}}")
  set(body "${${body_variable}}")
  foreach(unfit IN LISTS INPAINT_BULLMQ_UNFIT)
    if("${functions}${body}" MATCHES "${unfit}")
      message(FATAL_ERROR "BullMQ's ${script} has become unfit for many calls at once: ${CMAKE_MATCH_0}")
    endif()
  endforeach()
  set(place 0)
  foreach(repeated IN LISTS INPAINT_BULLMQ_REPEATED)
    math(EXPR place "${place} + 1")
    string(REGEX MATCH "^([^:]+): (([a-z.]+)\\(.*)$" matched "${repeated}")
    set(about "${CMAKE_MATCH_1}")
    set(step "${CMAKE_MATCH_2}")
    string(REPLACE "${CMAKE_MATCH_3}(" "remembered(${place}, ${about}, ${CMAKE_MATCH_3}, " once "${step}")
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
  set(until_number "[^A-Za-z_.](rcall|remembered)\\([^()]*(\\([^()]*\\)[^()]*)?,")
  set(before "")
  while(NOT before STREQUAL text)
    set(before "${text}")
    string(REGEX REPLACE "(${until_number}) *(-?[0-9]+)( *[,)])" "\\1 \"\\4\"\\5" text "${before}")
  endwhile()
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

function(inpaint_lighten_script script functions_variable body_variable)
  set(functions "${${functions_variable}}")
  set(body "${${body_variable}}")
  if(script IN_LIST INPAINT_BULLMQ_FREQUENT)
    inpaint_do_repeated_steps_once(${script} functions body)
  endif()
  inpaint_replace(functions "${INPAINT_BULLMQ_ALL_FIELDS}" "${INPAINT_BULLMQ_READ_FIELDS}")
  if("${functions}${body}" MATCHES "return *.rcall.\"HGETALL\"")
    message(FATAL_ERROR "BullMQ's ${script} answers all fields of a job in one more place.")
  endif()
  inpaint_write_numbers_as_texts(functions)
  inpaint_write_numbers_as_texts(body)
  set(${functions_variable} "${functions}" PARENT_SCOPE)
  set(${body_variable} "${body}" PARENT_SCOPE)
endfunction()

# After the last script.
function(inpaint_check_all_is_lighter)
  get_property(replaced GLOBAL PROPERTY INPAINT_REPLACED)
  foreach(old IN LISTS INPAINT_BULLMQ_REPEATED INPAINT_BULLMQ_DUE_JOBS_ARE_TAKEN INPAINT_BULLMQ_ALL_FIELDS)
    string(REGEX REPLACE "^[^:]+: " "" old "${old}")
    if(NOT old IN_LIST replaced)
      message(FATAL_ERROR "No script of BullMQ has this any more: ${old}")
    endif()
  endforeach()
endfunction()
