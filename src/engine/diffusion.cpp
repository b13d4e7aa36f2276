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

cv::Mat filled(const cv::Mat& pixels, const cv::Mat& hole, double range, Diffusion method) {
  cv::Mat result;
  cv::inpaint(pixels, hole, result, range, method == Diffusion::kTelea ? cv::INPAINT_TELEA : cv::INPAINT_NS);
  return result;
}

}  // namespace

Image diffuse(Diffusion method, const Image& region, const Mask& hole, Quality quality) {
  Image result = region;
  const int depth = region.bits() == 8 ? CV_8U : CV_16U;
  cv::Mat picture(region.height(), region.width(), CV_MAKETYPE(depth, region.channels()),
                  result.bytes().data());
  const cv::Mat marked(hole.height, hole.width, CV_8U, const_cast<std::uint8_t*>(hole.pixels.data()));
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
