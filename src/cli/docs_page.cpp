#include "cli/docs_page.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/error.h"

namespace inpaint::cli {
namespace {

using http::Json;

std::string escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

// Of CommonMark: `code` and paragraphs.
std::string prose(std::string_view text) {
  std::string html = "<p>";
  bool in_code = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '`') {
      html += in_code ? "</code>" : "<code>";
      in_code = !in_code;
    } else if (text.substr(i).starts_with("\n\n")) {
      html += "</p><p>";
      ++i;
    } else {
      html += escape(text.substr(i, 1));
    }
  }
  return html + "</p>";
}

std::string element(std::string_view tag, const std::string& content) {
  return "<" + std::string(tag) + ">" + content + "</" + std::string(tag) + ">";
}

std::string text_of(const Json& object, const char* name) {
  return object.value(name, std::string());
}

std::string anchor(std::string_view prefix, const std::string& name) {
  return std::string(prefix) + "-" + name;
}

std::string upper_case(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

// A member that may be absent, as a value, because items() of a temporary would outlive it.
Json object_of(const Json& object, const char* name) {
  return object.value(name, Json::object());
}

class Page {
 public:
  explicit Page(const Json& openapi) : openapi_(openapi) {}

  std::string contents() const;
  std::string body() const;

 private:
  struct Operation {
    std::string method;
    std::string path;
    const Json* json = nullptr;
  };
  std::vector<Operation> operations_of(const std::string& tag) const;
  const Json& resolve(const Json& json) const;

  std::string type_of(const Json& schema) const;
  std::string limits_of(const Json& schema) const;
  std::string fields(const Json& schema) const;
  std::string schema_or_fields(const Json& schema) const;
  std::string example_of(const Json& media) const;
  std::string parameters(const Json& operation) const;
  std::string request_body(const Json& operation) const;
  std::string responses(const Json& operation) const;
  std::string who_may(const Json& operation) const;
  std::string section(const Operation& operation) const;
  std::string schemas() const;

  const Json& openapi_;
};

const Json& Page::resolve(const Json& json) const {
  const auto reference = json.find("$ref");
  if (reference == json.end()) return json;
  return openapi_.at(Json::json_pointer(reference->get_ref<const std::string&>().substr(1)));
}

std::vector<Page::Operation> Page::operations_of(const std::string& tag) const {
  std::vector<Operation> found;
  for (const auto& [path, item] : openapi_["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      if (operation["tags"][0] == tag) found.push_back({upper_case(method), path, &operation});
    }
  }
  return found;
}

// --- schemas --------------------------------------------------------------------------------------------

std::string join(const Json& values, const std::string& between) {
  std::string text;
  for (const Json& value : values) {
    const std::string one = value.is_string() ? value.get<std::string>() : value.dump();
    text += (text.empty() ? "" : between) + escape(one);
  }
  return text;
}

std::string Page::type_of(const Json& schema) const {
  if (const auto reference = schema.find("$ref"); reference != schema.end()) {
    const auto& path = reference->get_ref<const std::string&>();
    const std::string name = path.substr(path.rfind('/') + 1);
    return "<a href=\"#" + anchor("schema", name) + "\">" + name + "</a>";
  }
  if (const auto any = schema.find("anyOf"); any != schema.end()) {
    std::string types;
    for (const Json& one : *any) types += (types.empty() ? "" : " or ") + type_of(one);
    return types;
  }
  if (schema.contains("const")) return element("code", escape(schema["const"].dump()));
  if (schema.contains("enum")) return element("code", join(schema["enum"], "</code>, <code>"));
  const Json type = schema.value("type", Json("anything"));
  if (type == "array") return "list of " + type_of(schema["items"]);
  std::string text = type.is_array() ? join(type, " or ") : escape(type.get<std::string>());
  if (schema.contains("format")) text += " (" + escape(text_of(schema, "format")) + ")";
  return text;
}

std::string Page::limits_of(const Json& schema) const {
  constexpr std::array<std::pair<const char*, const char*>, 8> kLimits{{{"minimum", "from "},
                                                                        {"exclusiveMinimum", "above "},
                                                                        {"maximum", "to "},
                                                                        {"minLength", "characters from "},
                                                                        {"maxLength", "characters to "},
                                                                        {"maxItems", "entries to "},
                                                                        {"default", "if absent: "},
                                                                        {"pattern", "pattern "}}};
  std::string text;
  for (const auto& [name, words] : kLimits) {
    if (!schema.contains(name)) continue;
    text += (text.empty() ? "" : "; ") + (words + element("code", escape(schema[name].dump())));
  }
  return text;
}

std::string Page::fields(const Json& schema) const {
  std::string rows;
  const Json required = schema.value("required", Json::array());
  const Json properties = object_of(schema, "properties");
  for (const auto& [name, field] : properties.items()) {
    const bool is_required = std::find(required.begin(), required.end(), name) != required.end();
    const bool is_nested = field.contains("properties");
    std::string what = is_nested ? fields(field) : type_of(field);
    if (const std::string limits = limits_of(field); !limits.empty()) what += "; " + limits;
    if (field.contains("description")) what += prose(text_of(field, "description"));
    rows +=
        element("tr", element("th", element("code", escape(name)) + (is_required ? "" : " <i>optional</i>")) +
                          element("td", what));
  }
  return rows.empty() ? type_of(schema) : element("table", rows);
}

std::string Page::schema_or_fields(const Json& schema) const {
  return schema.contains("properties") ? fields(schema) : element("p", type_of(schema));
}

std::string Page::example_of(const Json& media) const {
  const auto pre = [](const Json& example) {
    return element("pre", escape(example.is_string() ? example.get<std::string>() : example.dump(2)));
  };
  if (media.contains("example")) return pre(media["example"]);
  std::string all;
  const Json examples = object_of(media, "examples");
  for (const auto& [name, example] : examples.items()) {
    all += pre(example["value"]);
  }
  return all;
}

// --- operations -----------------------------------------------------------------------------------------

std::string Page::who_may(const Json& operation) const {
  if (operation.contains("security") && operation["security"].empty()) return "anybody";
  if (operation.contains("security")) return "who has the link, or its owner";
  return operation["responses"].contains("403") && operation["tags"][0] == "Administration" ? "administrators"
                                                                                            : "users";
}

std::string Page::parameters(const Json& operation) const {
  std::string rows;
  for (const Json& given : operation.value("parameters", Json::array())) {
    const Json& parameter = resolve(given);
    const Json& schema = parameter["schema"];
    std::string what = type_of(schema);
    if (const std::string limits = limits_of(schema); !limits.empty()) what += "; " + limits;
    rows += element("tr", element("th", element("code", escape(text_of(parameter, "name"))) + " <i>" +
                                            escape(text_of(parameter, "in")) + "</i>") +
                              element("td", what + prose(text_of(parameter, "description"))));
  }
  return rows.empty() ? "" : element("h4", "Parameters") + element("table", rows);
}

std::string Page::request_body(const Json& operation) const {
  const auto body = operation.find("requestBody");
  if (body == operation.end()) return "";
  std::string html;
  for (const auto& [type, media] : (*body)["content"].items()) {
    html += element("h4", "Body <i>" + escape(type) + "</i>") + schema_or_fields(media["schema"]) +
            example_of(media);
  }
  return html;
}

std::string Page::responses(const Json& operation) const {
  std::string html = element("h4", "Answers");
  for (const auto& [status, given] : operation["responses"].items()) {
    const Json& response = resolve(given);
    // The first sentence is what one sees before opening it.
    const std::string description = text_of(response, "description");
    const auto sentence = std::min(description.find(". "), description.size() - 1) + 1;
    std::string content;
    if (sentence < description.size()) content += prose(description.substr(sentence + 1));
    const Json types = object_of(response, "content");
    for (const auto& [type, media] : types.items()) {
      content +=
          element("p", element("i", escape(type))) + schema_or_fields(media["schema"]) + example_of(media);
    }
    const bool is_success = status.starts_with('2');
    html += std::string(is_success ? "<details open>" : "<details>") +
            element("summary", element("b", escape(status)) + prose(description.substr(0, sentence))) +
            content + "</details>";
  }
  return html;
}

std::string Page::section(const Operation& operation) const {
  const Json& json = *operation.json;
  return "<section id=\"" + escape(text_of(json, "operationId")) + "\"><h3><span class=\"" +
         operation.method + "\">" + operation.method + "</span> <code>" + escape(operation.path) +
         "</code></h3>" + prose(text_of(json, "summary") + ". For " + who_may(json) + ".") +
         (json.contains("description") ? prose(text_of(json, "description")) : "") + parameters(json) +
         request_body(json) + responses(json) + "</section>";
}

// --- the whole ------------------------------------------------------------------------------------------

std::string Page::schemas() const {
  std::string html = "<h2 id=\"schemas\">Schemas</h2>";
  for (const auto& [name, schema] : openapi_["components"]["schemas"].items()) {
    html += "<section id=\"" + anchor("schema", name) + "\"><h3>" + escape(name) + "</h3>" +
            (schema.contains("description") ? prose(text_of(schema, "description")) : "") +
            schema_or_fields(schema) + "</section>";
  }
  return html;
}

std::string Page::contents() const {
  std::string html;
  for (const Json& tag : openapi_["tags"]) {
    const std::string name = text_of(tag, "name");
    std::string entries;
    for (const Operation& operation : operations_of(name)) {
      entries += "<li><a href=\"#" + escape(text_of(*operation.json, "operationId")) + "\"><span class=\"" +
                 operation.method + "\">" + operation.method + "</span> " + escape(operation.path) +
                 "</a></li>";
    }
    html +=
        "<h2><a href=\"#" + anchor("tag", name) + "\">" + escape(name) + "</a></h2>" + element("ul", entries);
  }
  return html + "<h2><a href=\"#schemas\">Schemas</a></h2>";
}

std::string Page::body() const {
  const Json& info = openapi_["info"];
  std::string html = "<h1>" + escape(text_of(info, "title")) + " <small>" + escape(text_of(info, "version")) +
                     "</small></h1>" + prose(text_of(info, "summary")) + prose(text_of(info, "description")) +
                     "<p>The same for programs: <a href=\"/openapi.json\">/openapi.json</a>.</p>";
  for (const Json& tag : openapi_["tags"]) {
    const std::string name = text_of(tag, "name");
    html += "<h2 id=\"" + anchor("tag", name) + "\">" + escape(name) + "</h2>" +
            prose(text_of(tag, "description"));
    for (const Operation& operation : operations_of(name)) html += section(operation);
  }
  return html + schemas();
}

}  // namespace

std::string render_docs_page(const Json& openapi, std::string_view style) {
  const Page page(openapi);
  return "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>" +
         escape(text_of(openapi["info"], "title")) +
         " API</title><link rel=\"icon\" href=\"data:,\"><style>" + std::string(style) +
         "</style></head><body><nav>" + page.contents() + "</nav><main>" + page.body() +
         "</main></body></html>";
}

}  // namespace inpaint::cli
