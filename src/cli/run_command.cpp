#include "cli/run_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <vector>

#include "base/error.h"
#include "base/machine.h"
#include "cli/progress_bar.h"
#include "engine/engine.h"
#include "media/media.h"
#include "storage/temporary_area.h"

namespace inpaint::cli {
namespace {

struct Job {
  std::filesystem::path image;
  std::filesystem::path mask;
  std::filesystem::path output;
};

std::string extension_of(const std::filesystem::path& file) {
  std::string extension = file.extension();
  std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return std::tolower(c); });
  return extension;
}

bool is_picture(const std::filesystem::path& file) {
  const std::string extension = extension_of(file);
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

engine::Quality quality_of(const RunOptions& options) {
  if (options.quality == "low") return engine::Quality::kLow;
  return options.quality == "high" ? engine::Quality::kHigh : engine::Quality::kMedium;
}

// Written beside its place and renamed, so that nobody meets half a picture.
void write(const std::filesystem::path& file, const engine::Image& image) {
  const storage::TemporaryFile draft(file.string() + ".part");
  if (extension_of(file) == ".png") {
    media::write_png(draft.path(), image);
  } else {
    media::write_jpeg(draft.path(), image);
  }
  std::filesystem::rename(draft.path(), file);
}

void repair(const Job& job, const RunOptions& options, ProgressBar& bar) {
  const media::Limits limits{.maximum_pixels = options.maximum_megapixels * 1'000'000};
  engine::Image image = media::read_image(job.image, limits);
  const engine::Mask mask = media::read_mask(job.mask, limits);
  media::check_same_size(image, mask);
  const engine::Parameters parameters{.quality = quality_of(options),
                                      .threads = static_cast<int>(machine().cores)};
  const auto show = [&](double fraction) { bar.show(fraction); };
  write(job.output,
        engine::inpaint(options.model, std::move(image), mask, parameters, show, engine::CancelToken()));
}

bool is_mask_name(const std::string& stem) {
  return stem.ends_with("_mask") || stem.starts_with("mask_");
}

// The mask of photo.jpg is photo_mask.png, mask_photo.png or photo.png (or .jpg), or nothing. A picture is
// not the mask of itself.
std::filesystem::path find_mask(const std::filesystem::path& masks, const std::filesystem::path& image) {
  const std::string name = image.stem();
  for (const std::string& stem : {name + "_mask", "mask_" + name, name}) {
    for (const char* extension : {".png", ".jpg", ".jpeg"}) {
      std::filesystem::path candidate = masks / (stem + extension);
      if (std::filesystem::exists(candidate) && !std::filesystem::equivalent(candidate, image))
        return candidate;
    }
  }
  return {};
}

std::vector<Job> jobs_of_directories(const RunOptions& options) {
  for (const auto& directory : {options.images, options.masks}) {
    if (!std::filesystem::is_directory(directory))
      throw invalid("NO_DIRECTORY", directory.string() + " is not a directory.");
  }
  std::filesystem::create_directories(options.outputs);
  const bool are_together = std::filesystem::equivalent(options.images, options.masks);
  std::vector<Job> jobs;
  for (const auto& entry : std::filesystem::directory_iterator(options.images)) {
    const std::filesystem::path& image = entry.path();
    if (!is_picture(image) || (are_together && is_mask_name(image.stem()))) continue;
    jobs.push_back({image, find_mask(options.masks, image), options.outputs / image.filename()});
  }
  if (jobs.empty())
    throw invalid("NO_PICTURES", "There are no .png or .jpg files in " + options.images.string() + ".");
  std::ranges::sort(jobs, {}, &Job::image);
  return jobs;
}

std::vector<Job> jobs_of(const RunOptions& options) {
  const bool is_single = !options.image.empty() || !options.mask.empty() || !options.output.empty();
  const bool is_folder = !options.images.empty() || !options.masks.empty() || !options.outputs.empty();
  const bool single_complete = !options.image.empty() && !options.mask.empty() && !options.output.empty();
  const bool folder_complete = !options.images.empty() && !options.masks.empty() && !options.outputs.empty();
  if (is_single == is_folder || (is_single && !single_complete) || (is_folder && !folder_complete)) {
    throw invalid(
        "BAD_OPTIONS",
        "Give a picture (run IMAGE MASK -o OUT) or directories (run --images DIR --masks DIR --out DIR).");
  }
  if (is_folder) return jobs_of_directories(options);
  if (!is_picture(options.output)) throw invalid("BAD_OPTIONS", "OUT must end in .png, .jpg or .jpeg.");
  return {{options.image, options.mask, options.output}};
}

// What went wrong, or nothing.
std::string repair_or_say_why(const Job& job, const RunOptions& options, ProgressBar& bar) {
  if (job.mask.empty()) return "there is no mask of that name in " + options.masks.string();
  try {
    repair(job, options, bar);
    return {};
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

void add_run_options(CLI::App& command, RunOptions& options) {
  command.add_option("IMAGE", options.image, "the picture (.png, .jpg)")->type_name("");
  command.add_option("MASK", options.mask, "white where it is to be repaired, black elsewhere")
      ->type_name("");
  command.add_option("-o,--output", options.output, "the repaired picture (.png, .jpg)")->type_name("FILE");
  command.add_option("--images", options.images, "a directory of pictures")->type_name("DIR");
  command
      .add_option("--masks", options.masks,
                  "their masks: photo.png, photo_mask.png or mask_photo.png for photo.jpg")
      ->type_name("DIR");
  command.add_option("--out", options.outputs, "where the repaired pictures go")->type_name("DIR");
  std::vector<std::string> models;
  for (const engine::Model& model : engine::models()) models.emplace_back(model.id);
  command.add_option("--model", options.model, "default_inpainting, telea, navier-stokes or overlay")
      ->type_name("MODEL")
      ->check(CLI::IsMember(models));
  command.add_option("--quality", options.quality, "low, medium or high")
      ->type_name("QUALITY")
      ->check(CLI::IsMember({"low", "medium", "high"}));
  command.add_option("--maximum-megapixels", options.maximum_megapixels, "of one picture [100]")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
}

int run(const RunOptions& options) {
  const std::vector<Job> jobs = jobs_of(options);
  int failures = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    ProgressBar bar("[" + std::to_string(i + 1) + "/" + std::to_string(jobs.size()) + "] " +
                    jobs[i].image.filename().string());
    const std::string reason = repair_or_say_why(jobs[i], options, bar);
    bar.finish(reason.empty() ? jobs[i].output.string() : "failed: " + reason);
    if (!reason.empty()) ++failures;
  }
  return failures == 0 ? 0 : 1;
}

}  // namespace inpaint::cli
