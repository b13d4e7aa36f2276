# Writes SOURCE, which holds the text of FILE under NAME: see embed.cmake.
file(READ ${FILE} text)
file(WRITE ${SOURCE} "#include <string_view>

namespace inpaint::embedded {

extern const std::string_view ${NAME};
const std::string_view ${NAME} = R\"~~~(${text})~~~\";

}  // namespace inpaint::embedded
")
