# The headers of others take most of the time of a build from scratch. The presets with sanitizers read them
# precompiled, once for all targets. The release build does not, so that a missing #include is noticed there.
if(INPAINT_PRECOMPILE)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/precompiled.cpp CONTENT "")
  add_library(inpaint_precompiled OBJECT ${PROJECT_BINARY_DIR}/precompiled.cpp)
  target_link_libraries(inpaint_precompiled PRIVATE inpaint_options)
  # Else everything would be compiled anew after the same header was precompiled again.
  target_compile_options(inpaint_precompiled PRIVATE $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
  target_precompile_headers(inpaint_precompiled PRIVATE
    <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable> <cstdint> <filesystem> <fstream>
    <functional> <map> <memory> <mutex> <optional> <span> <string> <thread> <variant> <vector>
    <boost/asio.hpp> <boost/beast/core/flat_buffer.hpp> <boost/beast/http.hpp> <gtest/gtest.h>
    <nlohmann/json.hpp> <soci/soci.h>)
endif()

function(inpaint_use_precompiled target)
  if(INPAINT_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM inpaint_precompiled)
  endif()
endfunction()
