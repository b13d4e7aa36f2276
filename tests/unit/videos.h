// Videos that the ffmpeg command makes when a test runs: a program that shares no code of ours.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "unit/temporary_directory.h"

namespace inpaint::test {

// What a command prints; fails the test when it fails.
inline std::string output_of(const std::string& command) {
  std::string output;
  std::FILE* pipe = popen(command.c_str(), "r");
  char block[4096];
  for (std::size_t size = 0; (size = std::fread(block, 1, sizeof block, pipe)) > 0;)
    output.append(block, size);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return output;
}

inline std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class Videos {
 public:
  // Runs ffmpeg with these arguments and the file of that name as output.
  std::filesystem::path make(const std::string& name, const std::string& arguments) {
    std::filesystem::path file = path(name);
    output_of("ffmpeg -y -nostdin -loglevel error " + arguments + " " + file.string());
    return file;
  }

  // `seconds` of grey frames at 30 a second, losslessly: frame n has the luma 16 + n, so it can be told from
  // its pixels.
  std::filesystem::path make_numbered(const std::string& name, const std::string& seconds,
                                      const std::string& more_inputs = "", const std::string& options = "") {
    return make(name, "-f lavfi -i \"color=black:s=64x48:r=30:d=" + seconds +
                          ",geq=lum='16+N':cb=128:cr=128\" " + more_inputs +
                          " -pix_fmt yuv420p -c:v libx264 -qp 0 " + options);
  }

  std::filesystem::path write(const std::string& name, const std::string& bytes) {
    std::filesystem::path file = path(name);
    std::ofstream(file, std::ios::binary) << bytes;
    return file;
  }

  std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }

 private:
  TemporaryDirectory directory_;
};

// One value that ffprobe says of a file: probe(file, "-select_streams v", "stream=width").
inline std::string probe(const std::filesystem::path& file, const std::string& streams,
                         const std::string& entries) {
  std::string text = output_of("ffprobe -v error " + streams + " -show_entries " + entries + " -of csv=p=0 " +
                               file.string());
  while (!text.empty() && (text.back() == '\n' || text.back() == ',')) text.pop_back();
  return text;
}

}  // namespace inpaint::test
