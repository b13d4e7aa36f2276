#include "media/archive.h"

#include <gtest/gtest.h>

#include <fstream>

#include "media/entry_name.h"
#include "unit/media/fixtures.h"
#include "unit/media/zip_writer.h"
#include "unit/temporary_directory.h"

namespace inpaint::media {
namespace {

using test::code_of;
using test::ZipWriter;

constexpr std::int64_t kAnyLength = 1 << 30;

class ArchiveTest : public testing::Test {
 protected:
  std::filesystem::path save(const std::string& bytes) {
    const auto path = directory_.path() / "archive.zip";
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  std::vector<ArchiveEntry> list(const std::string& bytes, const ArchiveLimits& limits = {}) {
    ArchiveReader reader(save(bytes), limits);
    std::vector<ArchiveEntry> entries;
    while (auto entry = reader.next()) entries.push_back(*std::move(entry));
    return entries;
  }
  std::string problem(const ZipWriter& zip, const ArchiveLimits& limits = {}) {
    return list(zip.bytes(), limits).at(0).problem;
  }

  // The content of the first entry.
  std::string extract(const std::string& bytes, const ArchiveLimits& limits = {}) {
    ArchiveReader reader(save(bytes), limits);
    ExpansionBudget budget(kAnyLength, limits);
    reader.next();
    const auto path = directory_.path() / "extracted";
    reader.extract(path, budget);
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  inpaint::test::TemporaryDirectory directory_;
};

TEST_F(ArchiveTest, ListsAndExtracts) {
  ZipWriter zip;
  zip.add("folder/", "").add("folder/a.txt", "hello").add("b.txt", std::string(200'000, 'x'));
  ArchiveReader reader(save(zip.bytes()), {});
  ExpansionBudget budget(kAnyLength, {});
  const auto folder = reader.next();
  EXPECT_TRUE(folder->is_folder);
  EXPECT_EQ(folder->path, "folder");
  EXPECT_EQ(reader.next()->path, "folder/a.txt");
  const auto last = reader.next();
  EXPECT_EQ(last->position, 2);
  EXPECT_EQ(last->problem, "");
  reader.extract(directory_.path() / "b", budget);
  EXPECT_EQ(std::filesystem::file_size(directory_.path() / "b"), 200'000U);
  EXPECT_FALSE(reader.next());
}

TEST_F(ArchiveTest, AnEmptyArchiveHasNoEntries) {
  EXPECT_TRUE(list(ZipWriter().bytes()).empty());
}

TEST_F(ArchiveTest, trap_F2_no_path_leads_out) {
  for (const char* name : {"../a", "a/../../b", "a/..", "..\\a", "a\\..\\b"}) {
    EXPECT_EQ(problem(ZipWriter().add(name, "x")), "Its path leads out of the archive.") << name;
  }
  for (const char* name : {"/etc/passwd", "\\windows", "C:\\a", "c:a"}) {
    EXPECT_EQ(problem(ZipWriter().add(name, "x")), "Its path is absolute.") << name;
  }
  EXPECT_EQ(problem(ZipWriter().add("a\nb", "x")), "Its name has control characters.");
  for (const char* name : {"..a/b..", "a/...", "ab:c"}) {
    EXPECT_EQ(problem(ZipWriter().add(name, "x")), "") << name;
  }
}

TEST_F(ArchiveTest, SaysWhatItDoesNotTake) {
  EXPECT_EQ(problem(ZipWriter().add("a", "x", {.unix_mode = 0120777})), "It is a symbolic link.");
  EXPECT_EQ(problem(ZipWriter().add("a", std::string(20, 'x'), {.flags = 1})), "It is encrypted.");
  for (const unsigned method : {1U, 9U, 12U, 14U, 95U, 98U}) {
    EXPECT_EQ(problem(ZipWriter().add("a", "x", {.method = method})),
              "It is compressed by a method other than deflate.");
  }
}

TEST_F(ArchiveTest, NamesAreUtf8OrCodePage437) {
  EXPECT_EQ(list(ZipWriter().add("caf\xC3\xA9", "", {.flags = 0x800}).bytes())[0].path, "café");
  EXPECT_EQ(list(ZipWriter().add("caf\xC3\xA9", "").bytes())[0].path, "café");
  EXPECT_EQ(list(ZipWriter().add("caf\x82", "").bytes())[0].path, "café");
  EXPECT_EQ(entry_name("\x80\xE1\xFD\xFE"), "Çß²■");
}

TEST_F(ArchiveTest, EveryCutIsRefusedOrShowsInTheEntry) {
  const std::string whole = ZipWriter().add("a.txt", "hello hello hello").add("b.txt", "more").bytes();
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(code_of([&] { list(whole.substr(0, size)); }), "BAD_ARCHIVE") << size;
  }
}

TEST_F(ArchiveTest, NoChangedByteEndsInAnythingButAnError) {
  const std::string whole = ZipWriter().add("a.txt", "hello hello hello").add("b.txt", "more").bytes();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const char change : {'\x01', '\x80'}) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ change);
      const std::string code = code_of([&] { extract(changed); });
      EXPECT_TRUE(code.empty() || code == "BAD_ARCHIVE" || code == "BAD_ENTRY") << i << " " << code;
    }
  }
}

TEST_F(ArchiveTest, DamagedContentLeavesTheOtherEntriesReadable) {
  const std::string whole = ZipWriter().add("a", "hello").add("b", "other").bytes();
  std::string damaged = whole;
  damaged[whole.find("hello")] = 'j';
  ArchiveReader reader(save(damaged), {});
  ExpansionBudget budget(kAnyLength, {});
  reader.next();
  EXPECT_EQ(code_of([&] { reader.extract(directory_.path() / "a", budget); }), "BAD_ENTRY");
  EXPECT_EQ(reader.next()->path, "b");
  reader.extract(directory_.path() / "b", budget);
}

TEST_F(ArchiveTest, LyingSizesAreDamage) {
  for (const std::size_t size : {0U, 4U, 6U, 4'000'000'000U}) {
    const std::string bytes = ZipWriter().add("a", "hello", {.claimed_size = size}).bytes();
    EXPECT_NE(code_of([&] { extract(bytes, {.maximum_entry_bytes = kAnyLength * 8}); }), "") << size;
  }
}

TEST_F(ArchiveTest, LimitsHaveTwoSides) {
  const ZipWriter zip = ZipWriter().add("four", "1234").add("b", "5");
  EXPECT_EQ(list(zip.bytes(), {.maximum_entries = 2}).size(), 2U);
  EXPECT_EQ(code_of([&] { list(zip.bytes(), {.maximum_entries = 1}); }), "ARCHIVE_TOO_LARGE");
  EXPECT_EQ(problem(zip, {.maximum_path_bytes = 4}), "");
  EXPECT_EQ(problem(zip, {.maximum_path_bytes = 3}), "Its path has more than 3 bytes.");
  EXPECT_EQ(list(zip.bytes(), {.maximum_path_bytes = 3})[0].path, "fou");
  EXPECT_EQ(problem(zip, {.maximum_entry_bytes = 4}), "");
  EXPECT_EQ(problem(zip, {.maximum_entry_bytes = 3}), "It is larger than 0 MiB.");
  EXPECT_EQ(extract(zip.bytes(), {.maximum_total_bytes = 4}), "1234");
  EXPECT_EQ(code_of([&] { extract(zip.bytes(), {.maximum_total_bytes = 3}); }), "ARCHIVE_TOO_LARGE");
}

TEST_F(ArchiveTest, TheListOfEntriesIsBounded) {
  ZipWriter zip;
  for (int i = 0; i < 5000; ++i) zip.add(std::to_string(i) + std::string(200, 'n'), "");
  EXPECT_EQ(list(zip.bytes(), {.maximum_directory_bytes = 2 << 20}).size(), 5000U);
  EXPECT_EQ(code_of([&] { list(zip.bytes(), {.maximum_directory_bytes = 1 << 20}); }), "ARCHIVE_TOO_LARGE");
}

TEST_F(ArchiveTest, AShortenedPathIsStillUtf8) {
  const std::string bytes = ZipWriter().add("ab\xC3\xA9 c", "", {.flags = 0x800}).bytes();
  EXPECT_EQ(list(bytes, {.maximum_path_bytes = 3})[0].path, "ab");
  EXPECT_EQ(list(bytes, {.maximum_path_bytes = 4})[0].path, "abé");
}

TEST_F(ArchiveTest, KnowsAnArchiveByItsFirstBytes) {
  EXPECT_TRUE(is_archive(save(ZipWriter().bytes())));
  EXPECT_TRUE(is_archive(save(ZipWriter().add("a", "b").bytes())));
  EXPECT_FALSE(is_archive(save("PK")));
  EXPECT_FALSE(is_archive(save("PKWARE is a company")));
  EXPECT_FALSE(is_archive(test::fixture("mask_good/8.png")));
}

TEST(ExpansionBudgetTest, AllowsATimesTheArchive) {
  const ArchiveLimits limits{.maximum_total_bytes = 1 << 30, .maximum_ratio = 10};
  ExpansionBudget budget(100'000, limits);
  budget.take(10 * (100'000 + 64 * 1024));
  EXPECT_EQ(code_of([&] { budget.take(1); }), "ARCHIVE_TOO_LARGE");
}

}  // namespace
}  // namespace inpaint::media
