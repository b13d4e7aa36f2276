#include "inferences/backend.h"

#include "base/error.h"
#include "media/media.h"

namespace inpaint::inferences {

void write_picture(const std::filesystem::path& file, const engine::Image& image, OutputFormat format) {
  switch (format) {
    case OutputFormat::kPng:
      return media::write_png(file, image);
    case OutputFormat::kJpeg:
      return media::write_jpeg(file, image);
    case OutputFormat::kMp4:
      throw invalid("BAD_OUTPUT_FORMAT", "A picture can't be written as mp4.");
  }
}

}  // namespace inpaint::inferences
