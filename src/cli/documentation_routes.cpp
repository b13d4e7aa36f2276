#include "cli/documentation_routes.h"

#include "cli/docs_page.h"
#include "http/json.h"

namespace inpaint::embedded {
extern const std::string_view kOpenapi;
extern const std::string_view kDocsPageStyle;
}  // namespace inpaint::embedded

namespace inpaint::cli {
namespace {

// The same for everybody until the next version.
http::Handler text_handler(std::string content_type, std::string text) {
  return [content_type = std::move(content_type), text = std::move(text)](const http::Request&) {
    http::Response response;
    response.content_type = content_type;
    response.headers.set("Cache-Control", "public, max-age=300");
    response.body = text;
    return response;
  };
}

}  // namespace

std::string_view openapi() {
  return embedded::kOpenapi;
}

void add_documentation_routes(http::Router& router) {
  router.add({.method = http::Method::kGet,
              .pattern = "/openapi.json",
              .handler = text_handler("application/json; charset=utf-8", std::string(openapi())),
              .run_on = http::RunOn::kNetworkThread});
  router.add(
      {.method = http::Method::kGet,
       .pattern = "/docs",
       .handler = text_handler("text/html; charset=utf-8",
                               render_docs_page(http::Json::parse(openapi()), embedded::kDocsPageStyle)),
       .run_on = http::RunOn::kNetworkThread});
}

}  // namespace inpaint::cli
