#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "client/circuit_breaker.h"
#include "client/client.h"
#include "http/json.h"
#include "inferences/backend.h"
#include "inferences/shared_directory.h"
#include "media/media.h"
#include "media/memory_budget.h"
#include "storage/temporary_area.h"

namespace inpaint::inferences {

struct BlackboxOptions {
  std::string host;
  std::uint16_t port = 5000;
  std::filesystem::path directory;                                // shared with the black box
  std::chrono::milliseconds timeout = std::chrono::minutes(10);   // for one picture
  std::chrono::milliseconds patience = std::chrono::seconds(30);  // for one that does not answer
  std::chrono::milliseconds cool_down = std::chrono::seconds(5);  // see client::CircuitBreaker
};

// Has the work done by a black box: any service that answers POST /process-dataset and GET /health. It gets
// one picture at a time, also of a video, whose times and sound stay with us; upright and as PNG, so that it
// need know nothing of EXIF; and it sees no file but those. What it made is decoded and measured before it
// counts.
//
// When it says that a picture can't be done, or breaks on it three times while it is healthy, that is the
// picture's fault. When it does not answer, it is asked again, with pauses that grow, for as long as
// `patience`; then process() throws kUnavailable.
class BlackboxBackend final : public Backend {
 public:
  // `memory` is for the pictures while they are in this process, and must outlive the backend.
  BlackboxBackend(BlackboxOptions options, const media::Limits& limits, media::MemoryBudget& memory);

  void process(const Task& task, const engine::Progress& progress,
               const engine::CancelToken& cancel) const override;

 private:
  http::Json ask(const std::string& order, const engine::CancelToken& cancel) const;
  void wait_for_turn(std::chrono::steady_clock::time_point end, const engine::CancelToken& cancel) const;
  client::Request request(std::string path, const engine::CancelToken& cancel) const;
  bool is_healthy(const engine::CancelToken& cancel) const;
  void take_result(const std::filesystem::path& made, const media::ImageInfo& original,
                   const Task& task) const;

  const BlackboxOptions options_;
  const media::Limits limits_;
  media::MemoryBudget& memory_;
  const SharedDirectory shared_;
  const storage::TemporaryArea area_;  // in the shared directory
  mutable client::Client client_;
  mutable client::CircuitBreaker breaker_;
};

}  // namespace inpaint::inferences
