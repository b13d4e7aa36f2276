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
  // `minimum_free_bytes` stay free on the directory's file system. `announced_bytes`: what is to come, if it
  // is known, so that an upload without room is refused before all of it has come.
  Upload(std::string_view boundary, std::filesystem::path temporary_directory,
         std::int64_t minimum_free_bytes, std::int64_t announced_bytes);

  // Throws kInvalid (malformed, or over a limit), kUnavailable STORAGE_FULL.
  void feed(std::string_view bytes);
  std::shared_ptr<const Form> finish();

 private:
  void begin_part(const PartHeader& header) override;
  void part_data(std::string_view bytes) override;
  void end_part() override;
  void check_room(std::int64_t bytes) const;
  void check_written() const;

  const std::filesystem::path temporary_directory_;
  const std::int64_t minimum_free_bytes_;
  std::int64_t announced_bytes_;  // that have not come yet
  std::shared_ptr<Form> form_ = std::make_shared<Form>();
  MultipartParser parser_;
  PartHeader part_;
  std::string field_;
  std::ofstream file_;  // of the part that is arriving, if it is one
};

}  // namespace inpaint::http
