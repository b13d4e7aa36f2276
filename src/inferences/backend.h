#pragma once

#include <filesystem>
#include <string>

#include "engine/engine.h"
#include "inferences/parameters.h"

namespace inpaint::inferences {

// One picture to inpaint: files in, file out.
struct Task {
  std::filesystem::path image;
  std::filesystem::path mask;
  std::string model_id;
  Parameters parameters;
  std::filesystem::path output;
  std::string user_id;  // whose it is; empty: nobody's any more
};

// Where the pixels are worked on: in this process, or behind HTTP.
class Backend {
 public:
  virtual ~Backend() = default;

  // Writes task.output. May be called from several threads. Throws kInvalid, kTooLarge, kUnsupportedType or
  // kNotFound when this picture can never be inpainted, kConflict CANCELLED when told to stop; anything
  // else is a failure that another attempt may overcome.
  virtual void process(const Task& task, const engine::Progress& progress,
                       const engine::CancelToken& cancel) const = 0;
};

// As PNG or JPEG. Throws kInvalid BAD_OUTPUT_FORMAT for mp4.
void write_picture(const std::filesystem::path& file, const engine::Image& image, OutputFormat format);

}  // namespace inpaint::inferences
