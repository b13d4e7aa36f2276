#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "http/message.h"
#include "http/multipart.h"

namespace inpaint::http {

// Makes a Form of a multipart body as it arrives: files go to temporary files, fields to memory. Whatever
// goes wrong, the files are gone with the last pointer to the form.
class Upload final : private MultipartParser::Receiver {
 public:
  Upload(std::string_view boundary, std::filesystem::path temporary_directory);

  // Throws kInvalid (malformed, or over a limit), kUnavailable STORAGE_FULL.
  void feed(std::string_view bytes) { parser_.feed(bytes); }
  std::shared_ptr<const Form> finish();

 private:
  void begin_part(const PartHeader& header) override;
  void part_data(std::string_view bytes) override;
  void end_part() override;
  void check_written() const;

  const std::filesystem::path temporary_directory_;
  std::shared_ptr<Form> form_ = std::make_shared<Form>();
  MultipartParser parser_;
  PartHeader part_;
  std::string field_;
  std::ofstream file_;  // of the part that is arriving, if it is one
};

}  // namespace inpaint::http
