#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "media/archive.h"

namespace inpaint::datasets {

// What was not taken from an upload, and why, as a sentence.
struct Skipped {
  std::string file;
  std::string reason;
};

// Two entries of an archive that belong together.
struct ArchivePair {
  std::string image_path;  // of a picture or a video
  std::string mask_path;
  std::int64_t image_position = 0;  // media::ArchiveEntry::position
  std::int64_t mask_position = 0;
};

struct ArchivePlan {
  std::vector<ArchivePair> pairs;  // by folder, then by number or name
  std::vector<Skipped> skipped;
  std::vector<std::string> groups;  // the folders that should hold pairs, without the archive's top
};

// Says by their names which files of an archive make pairs. Every folder is a group of its own, so folders
// around the groups change nothing. In a group
//  - a file is a mask when its own name has "mask" in it, in any case;
//  - what has a number pairs by it: the last digits of the name, leading zeros aside. A number that stands
//    twice on a side is refused with the names;
//  - what has none, or everything when masks or images have none at all, pairs by equal names without
//    "mask", and what is left of it one to one in the order of names, if it is as many images as masks.
// Every file is in a pair or in `skipped`.
ArchivePlan plan_pairs(const std::vector<media::ArchiveEntry>& entries);

// "a/b" of "a/b/c.png"; "" of "c.png".
std::string folder_of(const std::string& path);

// Whether `left` stands before `right` in a listing that takes digits as numbers: a2 before a10.
bool natural_less(const std::string& left, const std::string& right);

}  // namespace inpaint::datasets
