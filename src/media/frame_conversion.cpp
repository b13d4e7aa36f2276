#include "media/frame_conversion.h"

extern "C" {
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <algorithm>
#include <cstring>

namespace inpaint::media {
namespace {

constexpr int kHighDefinitionHeight = 720;
constexpr int kScaling = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;

// The library's fast paths may write so many bytes past the last row, and read so many.
constexpr std::size_t kOverrun = 64;

bool is_rgb(AVPixelFormat format) {
  const AVPixFmtDescriptor* description = av_pix_fmt_desc_get(format);
  return description != nullptr && (description->flags & AV_PIX_FMT_FLAG_RGB) != 0;
}

const int* coefficients(const AVFrame& frame) {
  const AVColorSpace matrix =
      frame.colorspace == AVCOL_SPC_UNSPECIFIED ? usual_matrix(frame.height) : frame.colorspace;
  return sws_getCoefficients(matrix);
}

int is_full_range(const AVFrame& frame) {
  const auto format = static_cast<AVPixelFormat>(frame.format);
  const bool is_jpeg_format = format == AV_PIX_FMT_YUVJ420P || format == AV_PIX_FMT_YUVJ422P ||
                              format == AV_PIX_FMT_YUVJ444P || format == AV_PIX_FMT_YUVJ440P;
  return frame.color_range == AVCOL_RANGE_JPEG || is_jpeg_format || is_rgb(format) ? 1 : 0;
}

AVFrame description_of_rgb(int width, int height) {
  AVFrame frame{};
  frame.width = width;
  frame.height = height;
  frame.format = AV_PIX_FMT_RGB24;
  frame.color_range = AVCOL_RANGE_JPEG;
  return frame;
}

// Writes the image as R, G, B into rows of `width`; the last column and row are repeated up to `height`.
void pad(const engine::Image& image, std::size_t width, std::size_t height, std::uint8_t* to) {
  const auto stored = static_cast<std::size_t>(image.channels());
  const auto last_column = static_cast<std::size_t>(image.width() - 1);
  const auto last_row = static_cast<std::size_t>(image.height() - 1);
  for (std::size_t y = 0; y < height; ++y) {
    const std::uint8_t* from = image.bytes().data() + std::min(y, last_row) * image.row_bytes();
    for (std::size_t x = 0; x < width; ++x, to += 3) {
      const std::uint8_t* pixel = from + std::min(x, last_column) * stored;
      for (std::size_t c = 0; c < 3; ++c) to[c] = pixel[stored == 1 ? 0 : c];
    }
  }
}

}  // namespace

AVColorSpace usual_matrix(int height) {
  return height >= kHighDefinitionHeight ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
}

FrameConversion::~FrameConversion() {
  sws_freeContext(context_);
}

void FrameConversion::prepare(const AVFrame& from, const AVFrame& to) {
  context_ = sws_getCachedContext(context_, from.width, from.height, static_cast<AVPixelFormat>(from.format),
                                  to.width, to.height, static_cast<AVPixelFormat>(to.format), kScaling,
                                  nullptr, nullptr, nullptr);
  if (context_ == nullptr) throw bad_video("its pixel format is not supported");
  constexpr int kUnchanged = 1 << 16;
  sws_setColorspaceDetails(context_, coefficients(from), is_full_range(from), coefficients(to),
                           is_full_range(to), 0, kUnchanged, kUnchanged);
}

engine::Image FrameConversion::to_image(const AVFrame& frame, Orientation orientation) {
  prepare(frame, description_of_rgb(frame.width, frame.height));
  OrientedImage picture(frame.width, frame.height, 3, 8, orientation);
  const int row_bytes = frame.width * 3;
  const auto bytes = picture.image().bytes().size();
  rows_.resize(bytes + kOverrun);
  std::uint8_t* rows = rows_.data();
  sws_scale(context_, frame.data, frame.linesize, 0, frame.height, &rows, &row_bytes);
  if (picture.is_upright()) {
    std::memcpy(picture.image().bytes().data(), rows, bytes);
  } else {
    picture.put_rows(0, frame.height, {rows, bytes});
  }
  return std::move(picture).take();
}

void FrameConversion::to_frame(const engine::Image& image, AVFrame& frame) {
  if (image.bits() != 8 || image.has_alpha()) throw internal("a frame of a video is 8 bits without alpha");
  prepare(description_of_rgb(frame.width, frame.height), frame);
  const auto width = static_cast<std::size_t>(frame.width), height = static_cast<std::size_t>(frame.height);
  rows_.resize(width * height * 3 + kOverrun);
  pad(image, width, height, rows_.data());
  const std::uint8_t* rows = rows_.data();
  const int row_bytes = frame.width * 3;
  sws_scale(context_, &rows, &row_bytes, 0, frame.height, frame.data, frame.linesize);
}

}  // namespace inpaint::media
