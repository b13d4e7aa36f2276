// The pictures of tests/fixtures/ (make.py says what each is), and a way to see which error a call ends with.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/error.h"

namespace inpaint::media::test {

inline std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(INPAINT_FIXTURES) / name;
}

inline std::vector<std::uint8_t> fixture_bytes(const std::string& name) {
  std::ifstream file(fixture(name), std::ios::binary);
  EXPECT_TRUE(file) << "no fixture " << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The sorted names of a folder of fixtures, such as "kinds/grey_1.png".
inline std::vector<std::string> fixtures_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(fixture(folder))) {
    names.push_back(folder + "/" + entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  EXPECT_FALSE(names.empty());
  return names;
}

// The code of the Error that `call` throws, "" when it throws none; its sentence goes to `sentence`.
template <typename Call>
std::string code_of(const Call& call, std::string* sentence = nullptr) {
  try {
    call();
  } catch (const Error& error) {
    if (sentence != nullptr) *sentence = error.what();
    return error.code();
  }
  return {};
}

}  // namespace inpaint::media::test
