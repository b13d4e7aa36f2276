#include "datasets/archive_pairs.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <string_view>

#include "http/text.h"

namespace inpaint::datasets {
namespace {

constexpr std::array<std::string_view, 5> kExtensions = {"png", "jpg", "jpeg", "mp4", "avi"};
constexpr std::string_view kSeparators = "_-. ";
constexpr std::string_view kMask = "mask";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Without leading zeros: numbers may have more digits than an integer holds.
std::string_view significant(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

// A picture or video of a group.
struct File {
  const media::ArchiveEntry* entry = nullptr;
  std::string name;    // without folders
  std::string number;  // significant digits, or empty
  bool has_number = false;
  std::string key;  // the lower-case name without "mask" and extension
};
using Files = std::vector<File>;

struct Group {
  Files images;
  Files masks;
};
using Groups = std::map<std::string, Group, decltype(&natural_less)>;

std::string file_name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string extension_of(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? "" : http::lower_case(name.substr(dot + 1));
}

std::string without_mask(std::string stem) {
  if (const std::size_t mask = stem.find(kMask); mask != std::string::npos) stem.erase(mask, kMask.size());
  const std::size_t first = std::min(stem.find_first_not_of(kSeparators), stem.size());
  return stem.substr(first, stem.find_last_not_of(kSeparators) + 1 - first);
}

File describe(const media::ArchiveEntry& entry) {
  File file;
  file.entry = &entry;
  file.name = file_name_of(entry.path);
  const std::string stem = http::lower_case(file.name.substr(0, file.name.rfind('.')));
  const auto end = std::find_if(stem.rbegin(), stem.rend(), is_digit);
  const auto begin = std::find_if_not(end, stem.rend(), is_digit);
  file.has_number = end != stem.rend();
  file.number = significant(std::string(begin.base(), end.base()));
  file.key = without_mask(stem);
  return file;
}

bool is_mask(const std::string& name) {
  return http::lower_case(name).find(kMask) != std::string::npos;
}

// What file managers add: macOS's other half of every file has the file's own extension.
bool is_litter(const std::string& path) {
  return path.starts_with("__MACOSX/") || file_name_of(path).starts_with('.');
}

// Why the file is of no use by its name alone, or nothing.
std::string unusable(const std::string& path) {
  if (is_litter(path)) return "It is a hidden or system file.";
  const std::string extension = extension_of(file_name_of(path));
  if (extension == "zip") return "A ZIP archive inside a ZIP archive is not opened.";
  if (std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end()) return {};
  return "It is no picture or video: .png, .jpg, .jpeg, .mp4 and .avi are taken.";
}

void add_ancestors(const std::string& path, std::set<std::string>& ancestors) {
  std::string folder = folder_of(path);
  while (!folder.empty() && ancestors.insert(folder).second) folder = folder_of(folder);
}

class Planner {
 public:
  explicit Planner(const std::vector<media::ArchiveEntry>& entries) {
    std::set<std::string> paths;
    std::set<std::string> parents;
    for (const media::ArchiveEntry& entry : entries) add_ancestors(entry.path, parents);
    for (const media::ArchiveEntry& entry : entries) {
      if (!entry.problem.empty()) {
        skip(entry.path, entry.problem);
      } else if (entry.is_folder) {
        if (!parents.contains(entry.path)) groups_[entry.path];
      } else if (!paths.insert(entry.path).second) {
        skip(entry.path, "The archive has another file of the same path.");
      } else {
        add(entry);
      }
    }
  }

  ArchivePlan plan() {
    for (auto& [folder, group] : groups_) {
      if (!folder.empty()) plan_.groups.push_back(folder);
      pair(group);
    }
    return std::move(plan_);
  }

 private:
  // The files of one number or name.
  struct Candidates {
    Files images;
    Files masks;
  };
  using Labels = std::map<std::string, Candidates, decltype(&natural_less)>;

  void skip(const std::string& path, const std::string& reason) { plan_.skipped.push_back({path, reason}); }
  void skip_all(const Files& files, const std::string& reason) {
    for (const File& file : files) skip(file.entry->path, reason);
  }
  void pair_up(const File& image, const File& mask) {
    plan_.pairs.push_back({image.entry->path, mask.entry->path, image.entry->position, mask.entry->position});
  }

  void add(const media::ArchiveEntry& entry) {
    const std::string folder = folder_of(entry.path);
    const std::string reason = unusable(entry.path);
    if (!is_litter(entry.path)) groups_[folder];
    if (!reason.empty()) return skip(entry.path, reason);
    File file = describe(entry);
    Group& group = groups_[folder];
    (is_mask(file.name) ? group.masks : group.images).push_back(std::move(file));
  }

  void pair(Group& group) {
    const auto numbered = [](const File& file) { return file.has_number; };
    const bool by_number = std::any_of(group.images.begin(), group.images.end(), numbered) &&
                           std::any_of(group.masks.begin(), group.masks.end(), numbered);
    Labels numbers(&natural_less);
    Labels names(&natural_less);
    const auto sort = [&](const File& file, Files Candidates::*side) {
      const bool use_number = by_number && file.has_number;
      (((use_number ? numbers[file.number] : names[file.key])).*side).push_back(file);
    };
    for (const File& file : group.images) sort(file, &Candidates::images);
    for (const File& file : group.masks) sort(file, &Candidates::masks);
    pair_numbers(numbers);
    pair_names(names);
  }

  // Pairs what is one and one; refuses what could be paired in several ways. False when a side is empty.
  bool pair_label(const Candidates& files, const std::string& label) {
    if (files.images.empty() || files.masks.empty()) return false;
    if (files.images.size() == 1 && files.masks.size() == 1) {
      pair_up(files.images.front(), files.masks.front());
    } else {
      refuse_duplicates(files, label);
    }
    return true;
  }

  void refuse_duplicates(const Candidates& files, const std::string& label) {
    const Files& many = files.images.size() > 1 ? files.images : files.masks;
    const std::string reason =
        label + " stands twice in its folder: " + many[0].name + " and " + many[1].name + ".";
    skip_all(files.images, reason);
    skip_all(files.masks, reason);
  }

  void pair_numbers(const Labels& numbers) {
    for (const auto& [number, files] : numbers) {
      const std::string shown = number.empty() ? "0" : number;
      if (pair_label(files, "The number " + shown)) continue;
      skip_all(files.images, "There is no mask of the number " + shown + " in its folder.");
      skip_all(files.masks, "There is no image of the number " + shown + " in its folder.");
    }
  }

  void pair_names(const Labels& names) {
    Candidates left;
    for (const auto& [name, files] : names) {
      if (pair_label(files, "The name " + name)) continue;
      left.images.insert(left.images.end(), files.images.begin(), files.images.end());
      left.masks.insert(left.masks.end(), files.masks.begin(), files.masks.end());
    }
    if (left.images.size() == left.masks.size()) {
      for (std::size_t i = 0; i < left.images.size(); ++i) pair_up(left.images[i], left.masks[i]);
      return;
    }
    const std::string reason = "It can't be paired: without a match in its folder are " +
                               std::to_string(left.images.size()) + " of the images and " +
                               std::to_string(left.masks.size()) + " of the masks.";
    skip_all(left.images, reason);
    skip_all(left.masks, reason);
  }

  Groups groups_{&natural_less};
  ArchivePlan plan_;
};

// Takes the digits, or else the one character, that `text` begins with.
std::string_view take_unit(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto size = std::max<std::size_t>(1, static_cast<std::size_t>(end - text.begin()));
  const std::string_view unit = text.substr(0, size);
  text.remove_prefix(size);
  return unit;
}

}  // namespace

ArchivePlan plan_pairs(const std::vector<media::ArchiveEntry>& entries) {
  return Planner(entries).plan();
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

bool natural_less(const std::string& left, const std::string& right) {
  std::string_view a = left;
  std::string_view b = right;
  while (!a.empty() && !b.empty()) {
    const std::string_view first = take_unit(a);
    const std::string_view second = take_unit(b);
    if (is_digit(first.front()) && is_digit(second.front())) {
      const std::string_view one = significant(first);
      const std::string_view other = significant(second);
      if (one.size() != other.size()) return one.size() < other.size();
      if (one != other) return one < other;
    } else if (first != second) {
      return first < second;
    }
  }
  if (a.empty() != b.empty()) return a.empty();
  return left < right;  // such as 1 and 01
}

}  // namespace inpaint::datasets
