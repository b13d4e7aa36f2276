# Options that every target of ours is built with. Headers of others are SYSTEM and stay silent.
add_library(inpaint_options INTERFACE)
target_compile_options(inpaint_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
  $<$<BOOL:${INPAINT_FUZZ}>:-fsanitize=fuzzer-no-link>)
target_compile_definitions(inpaint_options INTERFACE INPAINT_VERSION="${PROJECT_VERSION}")
target_include_directories(inpaint_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
# How many of its coroutine frames and operations of each kind Asio keeps in a thread for the next request, which is
# up to five coroutines deep. The default of 2 sends the others through the heap every time. Everywhere, because
# every object file of a program must see the same templates.
target_compile_definitions(inpaint_options INTERFACE BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=8)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of GCC 12 inside libstdc++ and coroutine frames at -O2, and of what a unity build includes.
  target_compile_options(inpaint_options INTERFACE
    -Wno-restrict -Wno-maybe-uninitialized -Wno-mismatched-new-delete -Wno-subobject-linkage)
endif()

if(INPAINT_SANITIZE)
  target_compile_options(inpaint_options INTERFACE
    -fsanitize=${INPAINT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(inpaint_options INTERFACE -fsanitize=${INPAINT_SANITIZE})
  if(INPAINT_SANITIZE MATCHES "undefined")
    # SOCI hides the type information that the first check needs, so that what includes it would not link. The second
    # breaks coroutines in Clang 14.
    target_compile_options(inpaint_options INTERFACE -fno-sanitize=vptr,function)
  endif()
  if(INPAINT_SANITIZE MATCHES "thread")
    # Asio's fences are understood by TSan only as atomic operations.
    target_compile_definitions(inpaint_options INTERFACE BOOST_ASIO_DISABLE_STD_ATOMIC_THREAD_FENCE)
  endif()
endif()

# One folder of src/ is one library, which may link only what stands below it.
function(inpaint_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;PRIVATE" ${ARGN})
  add_library(inpaint_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(inpaint_${name} PUBLIC inpaint_options ${ARG_USES} PRIVATE ${ARG_PRIVATE})
endfunction()
