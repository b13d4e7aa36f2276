# inpaint_embed(FILE NAME) makes a source from a text file, with `extern const std::string_view NAME` of namespace
# inpaint::embedded, and sets EMBEDDED_NAME to it. It is made anew when the file changes.
function(inpaint_embed file name)
  get_filename_component(file ${file} ABSOLUTE)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/embedded_${name}.cpp)
  add_custom_command(
    OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -D FILE=${file} -D NAME=${name} -D SOURCE=${source}
      -P ${PROJECT_SOURCE_DIR}/cmake/embed_file.cmake
    DEPENDS ${file} ${PROJECT_SOURCE_DIR}/cmake/embed_file.cmake)
  # Clang counts the length of a literal against what the standard promises at least.
  set_source_files_properties(${source} PROPERTIES
    SKIP_UNITY_BUILD_INCLUSION ON COMPILE_OPTIONS -Wno-overlength-strings)
  set(EMBEDDED_${name} ${source} PARENT_SCOPE)
endfunction()
