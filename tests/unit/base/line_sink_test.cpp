#include "base/line_sink.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spdlog/logger.h>
#include <unistd.h>

#include <array>

namespace inpaint::log {
namespace {

class LineSinkTest : public testing::Test {
 protected:
  LineSinkTest() {
    EXPECT_EQ(::pipe(ends_.data()), 0);
    sink_ = std::make_shared<LineSink>(ends_[1]);
    logger_ = std::make_unique<spdlog::logger>("test", sink_);
    logger_->set_pattern("%v");
  }
  ~LineSinkTest() override {
    for (const int end : ends_) ::close(end);
  }

  // What was written, waiting at most that long for the first of it.
  std::string written(std::chrono::milliseconds patience) const {
    pollfd readable{ends_[0], POLLIN, 0};
    if (::poll(&readable, 1, static_cast<int>(patience.count())) != 1) return {};
    std::array<char, 256 * 1024> text{};
    const auto size = ::read(ends_[0], text.data(), text.size());
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }

  std::array<int, 2> ends_{};
  std::shared_ptr<LineSink> sink_;
  std::unique_ptr<spdlog::logger> logger_;
};

constexpr auto kNow = std::chrono::milliseconds(0);
constexpr auto kLater = std::chrono::milliseconds(10'000);

TEST_F(LineSinkTest, writes_lines_together_after_a_moment) {
  for (int round = 0; round < 2; ++round) {
    logger_->info("one");
    logger_->info("two");
    EXPECT_EQ(written(kLater), "one\ntwo\n");
  }
}

TEST_F(LineSinkTest, writes_a_warning_at_once_behind_what_came_before) {
  logger_->info("before");
  logger_->warn("now");
  EXPECT_EQ(written(kNow), "before\nnow\n");
}

TEST_F(LineSinkTest, does_not_collect_without_end) {
  ::fcntl(ends_[1], F_SETPIPE_SZ, 1024 * 1024);
  logger_->info(std::string(40 * 1024, 'x'));
  logger_->info(std::string(40 * 1024, 'y'));
  EXPECT_EQ(written(kNow).size(), 2U * (40 * 1024 + 1));
}

TEST_F(LineSinkTest, writes_the_rest_when_it_ends) {
  logger_->info("last words");
  logger_.reset();
  sink_.reset();
  EXPECT_EQ(written(kNow), "last words\n");
}

}  // namespace
}  // namespace inpaint::log
