#include "datasets/archive_pairs.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace inpaint::datasets {
namespace {

// "image + mask" for every pair, in order.
using Names = std::vector<std::string>;

std::vector<media::ArchiveEntry> entries(const Names& paths) {
  std::vector<media::ArchiveEntry> list;
  for (const std::string& path : paths) {
    const bool is_folder = path.ends_with('/');
    list.push_back({is_folder ? path.substr(0, path.size() - 1) : path, is_folder,
                    static_cast<std::int64_t>(list.size()), ""});
  }
  return list;
}

Names pairs_of(const Names& paths) {
  Names names;
  for (const ArchivePair& pair : plan_pairs(entries(paths)).pairs) {
    names.push_back(pair.image_path + " + " + pair.mask_path);
  }
  return names;
}

// What is skipped, sorted, without the reasons.
Names skipped_of(const Names& paths) {
  Names names;
  for (const Skipped& skipped : plan_pairs(entries(paths)).skipped) names.push_back(skipped.file);
  std::sort(names.begin(), names.end());
  return names;
}

std::string reason_for(const std::string& file, const Names& paths) {
  for (const Skipped& skipped : plan_pairs(entries(paths)).skipped) {
    if (skipped.file == file) return skipped.reason;
  }
  return "not skipped";
}

struct Case {
  std::string name;
  Names files;
  Names pairs;
  Names skipped;
};

class PairsTest : public testing::TestWithParam<Case> {};

TEST_P(PairsTest, PairsWhatBelongsTogetherAndListsTheRest) {
  EXPECT_EQ(pairs_of(GetParam().files), GetParam().pairs);
  EXPECT_EQ(skipped_of(GetParam().files), GetParam().skipped);
}

const Case kCases[] = {
    {"ByNumber",
     {"g/image_1.png", "g/image_2.png", "g/mask_1.png", "g/mask_2.png"},
     {"g/image_1.png + g/mask_1.png", "g/image_2.png + g/mask_2.png"},
     {}},
    {"AnyPrefixNamesTheImage",
     {"g/frame_2.jpg", "g/photo_1.png", "g/mask_1.png", "g/mask_2.png"},
     {"g/photo_1.png + g/mask_1.png", "g/frame_2.jpg + g/mask_2.png"},
     {}},
    {"TheMaskAfterTheNumber",
     {"IMG_20240101_001.jpg", "IMG_20240101_001_mask.png", "7.png", "7-MASK.PNG"},
     {"IMG_20240101_001.jpg + IMG_20240101_001_mask.png", "7.png + 7-MASK.PNG"},
     {}},
    {"LeadingZerosMeanNothing",
     {"image_01.png", "image_10.png", "mask_1.png", "mask_0010.png"},
     {"image_01.png + mask_1.png", "image_10.png + mask_0010.png"},
     {}},
    {"ZeroIsANumber",
     {"image_0.png", "image_00001.png", "mask_000.png", "mask_1.png"},
     {"image_0.png + mask_000.png", "image_00001.png + mask_1.png"},
     {}},
    {"NumbersOfAnyLength",
     {"image_123456789012345678901234567890.png", "mask_123456789012345678901234567890.png"},
     {"image_123456789012345678901234567890.png + mask_123456789012345678901234567890.png"},
     {}},
    {"InTheOrderOfNumbersNotOfText",
     {"image_10.png", "image_9.png", "image_1000.png", "mask_1000.png", "mask_10.png", "mask_9.png"},
     {"image_9.png + mask_9.png", "image_10.png + mask_10.png", "image_1000.png + mask_1000.png"},
     {}},
    {"OthersNumberIsNoPair", {"a_2.png", "mask_1.png"}, {}, {"a_2.png", "mask_1.png"}},
    {"AMissingMaskShiftsNothing",
     {"a_1.png", "a_2.png", "a_3.png", "mask_2.png", "mask_3.png"},
     {"a_2.png + mask_2.png", "a_3.png + mask_3.png"},
     {"a_1.png"}},
    {"DuplicateNumbersAreRefusedOthersNot",
     {"a_1.png", "b_1.png", "mask_1.png", "a_2.png", "mask_2.png", "mask_02.png", "a_3.png", "mask_3.png"},
     {"a_3.png + mask_3.png"},
     {"a_1.png", "a_2.png", "b_1.png", "mask_02.png", "mask_1.png", "mask_2.png"}},
    {"ByNameOrder",
     {"g/sea.png", "g/hill.png", "g/mask_low.png", "g/mask_wide.png"},
     {"g/hill.png + g/mask_low.png", "g/sea.png + g/mask_wide.png"},
     {}},
    {"ByNameOrderOnlyOneToOne",
     {"g/sea.png", "g/hill.png", "g/mask_low.png"},
     {},
     {"g/hill.png", "g/mask_low.png", "g/sea.png"}},
    {"EqualNamesBeatTheOrder",
     {"A.png", "AB.png", "AB_mask.png", "A_mask.png"},
     {"A.png + A_mask.png", "AB.png + AB_mask.png"},
     {}},
    {"AMissingMaskShiftsNoNames",
     {"cat.png", "dog.png", "elk.png", "dog_mask.png", "elk_mask.png"},
     {"dog.png + dog_mask.png", "elk.png + elk_mask.png"},
     {"cat.png"}},
    {"ANumberOnOneSideOnlySaysNothing",
     {"1/IMG_1234.jpg", "1/mask.png", "2/a2.png", "2/a10.png", "2/mask_x.png", "2/mask_y.png"},
     {"1/IMG_1234.jpg + 1/mask.png", "2/a2.png + 2/mask_x.png", "2/a10.png + 2/mask_y.png"},
     {}},
    {"NumbersAndNamesInOneFolder",
     {"a_1.png", "cover.png", "mask_1.png", "cover_mask.png"},
     {"a_1.png + mask_1.png", "cover.png + cover_mask.png"},
     {}},
    {"OneNameInTwoFormats",
     {"cat.png", "cat.jpg", "cat_mask.png"},
     {},
     {"cat.jpg", "cat.png", "cat_mask.png"}},
    {"FoldersAreGroups",
     {"b/image_1.png", "b/mask_1.png", "a/image_1.png", "a/mask_1.png"},
     {"a/image_1.png + a/mask_1.png", "b/image_1.png + b/mask_1.png"},
     {}},
    {"NoPairAcrossFolders", {"a/image_1.png", "b/mask_1.png"}, {}, {"a/image_1.png", "b/mask_1.png"}},
    {"FoldersAroundTheGroups",
     {"top/", "top/set/", "top/set/g1/image_1.png", "top/set/g1/mask_1.png", "top/set/g2/image_1.png",
      "top/set/g2/mask_1.png"},
     {"top/set/g1/image_1.png + top/set/g1/mask_1.png", "top/set/g2/image_1.png + top/set/g2/mask_1.png"},
     {}},
    {"NoFolderAtAll", {"image_1.png", "mask_1.png"}, {"image_1.png + mask_1.png"}, {}},
    {"AFoldersNameMakesNoMask",
     {"masks/image_1.png", "masks/mask_1.png"},
     {"masks/image_1.png + masks/mask_1.png"},
     {}},
    {"VideosToo",
     {"v_1.mp4", "mask_1.png", "v_2.AVI", "mask_2.avi"},
     {"v_1.mp4 + mask_1.png", "v_2.AVI + mask_2.avi"},
     {}},
    {"OtherFormats",
     {"image_1.png", "mask_1.png", "readme.txt", "image_2.gif", "inner.zip", "noextension"},
     {"image_1.png + mask_1.png"},
     {"image_2.gif", "inner.zip", "noextension", "readme.txt"}},
    {"WhatFileManagersAdd",
     {"g/image_1.png", "g/mask_1.png", "g/.DS_Store", "__MACOSX/g/._image_1.png", "__MACOSX/g/._mask_1.png"},
     {"g/image_1.png + g/mask_1.png"},
     {"__MACOSX/g/._image_1.png", "__MACOSX/g/._mask_1.png", "g/.DS_Store"}},
    {"TheSamePathTwice",
     {"image_1.png", "mask_1.png", "image_1.png"},
     {"image_1.png + mask_1.png"},
     {"image_1.png"}},
    {"NotAscii", {"café/été_1.png", "café/Mask été_1.png"}, {"café/été_1.png + café/Mask été_1.png"}, {}},
    {"Nothing", {}, {}, {}},
};

INSTANTIATE_TEST_SUITE_P(Layouts, PairsTest, testing::ValuesIn(kCases),
                         [](const auto& layout) { return layout.param.name; });

TEST(PairsTest, trap_V6_pairs_by_number_not_by_position) {
  EXPECT_EQ(pairs_of({"a_2.png", "mask_1.png"}), Names{});
  EXPECT_EQ(pairs_of({"a_1.png", "a_2.png", "mask_2.png"}), Names{"a_2.png + mask_2.png"});
  EXPECT_EQ(reason_for("a_1.png", {"a_1.png", "a_2.png", "mask_2.png"}),
            "There is no mask of the number 1 in its folder.");
}

TEST(PairsTest, NamesTheDuplicates) {
  const Names files = {"a_1.png", "b_01.png", "mask_1.png"};
  for (const std::string& file : files) {
    EXPECT_EQ(reason_for(file, files), "The number 1 stands twice in its folder: a_1.png and b_01.png.");
  }
}

TEST(PairsTest, SaysWhyNamesDoNotPair) {
  EXPECT_EQ(reason_for("b.png", {"a.png", "b.png", "mask.png"}),
            "It can't be paired: without a match in its folder are 2 of the images and 1 of the masks.");
}

TEST(PairsTest, ProblemsOfEntriesAreReasons) {
  std::vector<media::ArchiveEntry> list = entries({"image_1.png", "mask_1.png"});
  list[0].problem = "It is encrypted.";
  const ArchivePlan plan = plan_pairs(list);
  EXPECT_TRUE(plan.pairs.empty());
  ASSERT_EQ(plan.skipped.size(), 2U);
  EXPECT_EQ(plan.skipped[0].reason, "It is encrypted.");
}

TEST(PairsTest, NamesTheGroups) {
  const ArchivePlan plan = plan_pairs(entries({"top/", "top/full/", "top/full/image_1.png", "top/empty/",
                                               "top/texts/readme.txt", "__MACOSX/._a.png", "image_1.png"}));
  EXPECT_EQ(plan.groups, (Names{"top/empty", "top/full", "top/texts"}));
}

TEST(PairsTest, ComparesDigitsAsNumbers) {
  const Names ordered = {"", "a", "a01", "a1", "a2", "a10", "a10b", "b"};
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    for (std::size_t j = 0; j < ordered.size(); ++j) {
      EXPECT_EQ(natural_less(ordered[i], ordered[j]), i < j) << ordered[i] << " and " << ordered[j];
    }
  }
}

}  // namespace
}  // namespace inpaint::datasets
