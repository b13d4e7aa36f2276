#include "engine/diffusion.h"

#include <opencv2/core.hpp>
#include <opencv2/photo.hpp>
#include <vector>

namespace inpaint::engine {
namespace {

double radius(Quality quality) {
  switch (quality) {
    case Quality::kLow:
      return 2;
    case Quality::kMedium:
      return 5;
    case Quality::kHigh:
      return 12;
  }
  return 5;
}

// OpenCV takes the outermost pixels of what it is given for known, hole or not. So it is given a frame that
// counts as hole: nothing reads it, and nobody looks at what becomes of it.
constexpr int kFrame = 1;

cv::Mat framed(const cv::Mat& pixels, std::uint8_t value) {
  cv::Mat result;
  cv::copyMakeBorder(pixels, result, kFrame, kFrame, kFrame, kFrame, cv::BORDER_CONSTANT,
                     cv::Scalar::all(value));
  return result;
}

cv::Mat filled(const cv::Mat& pixels, const cv::Mat& framed_hole, double range, Diffusion method) {
  cv::Mat result;
  cv::inpaint(framed(pixels, 0), framed_hole, result, range,
              method == Diffusion::kTelea ? cv::INPAINT_TELEA : cv::INPAINT_NS);
  return result(cv::Rect(kFrame, kFrame, pixels.cols, pixels.rows));
}

}  // namespace

Image diffuse(Diffusion method, const Image& region, const Mask& hole, Quality quality) {
  Image result = region;
  const int depth = region.bits() == 8 ? CV_8U : CV_16U;
  cv::Mat picture(region.height(), region.width(), CV_MAKETYPE(depth, region.channels()),
                  result.bytes().data());
  const cv::Mat marked =
      framed(cv::Mat(hole.height, hole.width, CV_8U, const_cast<std::uint8_t*>(hole.pixels.data())), kHole);
  const double range = radius(quality);
  if (region.bits() == 8 && region.channels() == 3) {
    filled(picture, marked, range, method).copyTo(picture);
    return result;
  }
  const int colours = region.has_alpha() ? region.channels() - 1 : region.channels();
  for (int channel = 0; channel < colours; ++channel) {
    cv::Mat plane;
    cv::extractChannel(picture, plane, channel);
    cv::insertChannel(filled(plane, marked, range, method), picture, channel);
  }
  return result;
}

}  // namespace inpaint::engine
