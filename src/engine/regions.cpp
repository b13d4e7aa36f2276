#include "engine/regions.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <opencv2/imgproc.hpp>

namespace inpaint::engine {
namespace {

// Holes of two regions lie in cells that do not touch.
constexpr int kCell = Regions::kApart;

// memchr passes over what is known many bytes at a time.
const std::uint8_t* next_hole(const std::uint8_t* from, const std::uint8_t* end) {
  if (from == end) return end;
  const void* found = std::memchr(from, kHole, static_cast<std::size_t>(end - from));
  return found == nullptr ? end : static_cast<const std::uint8_t*>(found);
}

Rectangle with_margin(const cv::Rect& cells, int margin, const Mask& mask) {
  const int left = std::max(cells.x * kCell - margin, 0);
  const int top = std::max(cells.y * kCell - margin, 0);
  const int right = std::min((cells.x + cells.width) * kCell + margin, mask.width);
  const int bottom = std::min((cells.y + cells.height) * kCell + margin, mask.height);
  return {left, top, right - left, bottom - top};
}

}  // namespace

Regions::Regions(const Mask& mask) : columns_((mask.width + kCell - 1) / kCell) {
  const int rows = (mask.height + kCell - 1) / kCell;
  cv::Mat holes_in_cell = cv::Mat::zeros(rows, columns_, CV_32S);
  cv::Mat has_hole = cv::Mat::zeros(rows, columns_, CV_8U);
  for (int y = 0; y < mask.height; ++y) {
    const std::uint8_t* row =
        mask.pixels.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(mask.width);
    const std::uint8_t* end = row + mask.width;
    for (const std::uint8_t* hole = next_hole(row, end); hole != end; hole = next_hole(hole + 1, end)) {
      const auto x = static_cast<int>(hole - row);
      ++holes_in_cell.at<int>(y / kCell, x / kCell);
      has_hole.at<std::uint8_t>(y / kCell, x / kCell) = 1;
    }
  }
  cv::Mat labels;
  cv::Mat statistics;
  cv::Mat centroids;
  std::vector<cv::Rect> boxes;
  const int count = cv::connectedComponentsWithStats(has_hole, labels, statistics, centroids, 8, CV_32S);
  for (int label = 1; label < count; ++label) {
    const cv::Rect cells(
        statistics.at<int>(label, cv::CC_STAT_LEFT), statistics.at<int>(label, cv::CC_STAT_TOP),
        statistics.at<int>(label, cv::CC_STAT_WIDTH), statistics.at<int>(label, cv::CC_STAT_HEIGHT));
    boxes.push_back(cells);
    regions_.push_back({{}, 0, label});
  }
  labels_.assign(labels.begin<int>(), labels.end<int>());
  const auto in_cells = holes_in_cell.begin<int>();
  for (std::size_t cell = 0; cell < labels_.size(); ++cell) {
    const auto holes = static_cast<std::size_t>(in_cells[static_cast<std::ptrdiff_t>(cell)]);
    if (labels_[cell] > 0) regions_[static_cast<std::size_t>(labels_[cell] - 1)].holes += holes;
    holes_ += holes;
  }
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    const auto side = static_cast<int>(std::sqrt(static_cast<double>(regions_[i].holes)));
    regions_[i].box = with_margin(boxes[i], std::max(side, kMargin), mask);
  }
}

int Regions::label_at(int x, int y) const {
  return labels_[static_cast<std::size_t>(y / kCell) * static_cast<std::size_t>(columns_) +
                 static_cast<std::size_t>(x / kCell)];
}

}  // namespace inpaint::engine
