#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "media/container.h"
#include "media/libav.h"
#include "media/sound_encoder.h"

namespace inpaint::media {

// Takes the sound of one video over into another, at the same time as its pictures.
class SoundTrack {
 public:
  // Adds a stream to `output`, whose header is not written yet; none when the source has no sound that can
  // be used.
  SoundTrack(const std::filesystem::path& source, AVFormatContext& output);

  // Writes what begins before `time`, counted from the first picture.
  void write_before(std::int64_t time, AVRational time_base);
  // After the last picture.
  void finish();

 private:
  bool read();
  void write_pending();
  void write(AVPacket& packet, AVRational time_base);

  AVFormatContext& output_;
  Container container_;
  const AVStream* source_ = nullptr;  // null: no sound, or no more
  AVStream* target_ = nullptr;
  std::int64_t start_ = 0;                 // of the first picture, in the source's time base
  std::unique_ptr<SoundEncoder> encoder_;  // null: copied
  PacketPointer pending_ = make_packet();  // read, not written yet
  bool is_pending_ = false;
};

}  // namespace inpaint::media
