#include "media/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <string_view>

#include "base/error.h"
#include "media/entry_name.h"
#include "media/stream.h"

namespace inpaint::media {
namespace {

constexpr std::size_t kBlockBytes = 64 * 1024;

// What a ZIP archive begins with; an empty one is nothing but its end.
constexpr std::string_view kFirstEntry = "PK\x03\x04";
constexpr std::string_view kEndOfArchive = "PK\x05\x06";

struct CloseArchive {
  void operator()(archive* handle) const { archive_read_free(handle); }
};
struct FreeLocale {
  void operator()(locale_t locale) const { freelocale(locale); }
};
using Locale = std::unique_ptr<std::remove_pointer_t<locale_t>, FreeLocale>;

// libarchive converts the names that are marked as UTF-8 to the character set of the thread's locale, which
// in a service is ASCII. This makes it UTF-8 for this thread and scope, and for nobody else.
class LocaleScope {
 public:
  explicit LocaleScope(const Locale& locale) : before_(uselocale(locale.get())) {}
  ~LocaleScope() { uselocale(before_); }
  LocaleScope(const LocaleScope&) = delete;
  LocaleScope& operator=(const LocaleScope&) = delete;

 private:
  locale_t before_;
};

Error bad_archive() {
  return invalid("BAD_ARCHIVE", "The ZIP archive can't be read: it is damaged, or cut off before its end.");
}

Error archive_too_large(const std::string& what) {
  return {ErrorKind::kTooLarge, "ARCHIVE_TOO_LARGE", "The ZIP archive " + what + "."};
}

Error bad_entry(const std::string& sentence) {
  return invalid("BAD_ENTRY", sentence);
}

// The first four bytes; fewer when the file ends before.
std::string read_signature(std::FILE* file) {
  std::string signature(kFirstEntry.size(), '\0');
  signature.resize(std::fread(signature.data(), 1, signature.size(), file));
  std::rewind(file);
  return signature;
}

std::string megabytes(std::int64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

// At most so many bytes of UTF-8, cut between characters.
std::string shortened(const std::string& text, std::int64_t maximum_bytes) {
  auto size = std::min(text.size(), static_cast<std::size_t>(maximum_bytes));
  const auto continues = [&] { return (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U; };
  while (size > 0 && size < text.size() && continues()) --size;
  return text.substr(0, size);
}

// Of what libarchive can unpack, only what every ZIP program writes: the other methods let a small archive
// ask for gigabytes of memory, or are rarely tried code. libarchive tells the method in words only.
bool is_common_method(archive* handle) {
  const std::string_view name = archive_format_name(handle);
  return name.ends_with("(deflation)") || name.ends_with("(uncompressed)");
}

}  // namespace

struct ArchiveReader::State {
  ArchiveLimits limits;
  Stream file;
  std::int64_t file_bytes = 0;
  bool is_empty = false;  // which libarchive takes for no archive
  Locale locale;
  std::unique_ptr<archive, CloseArchive> handle;
  std::array<std::uint8_t, kBlockBytes> block{};

  std::int64_t entries = 0;      // that were listed
  std::int64_t read_bytes = 0;   // handed to libarchive
  std::int64_t read_before = 0;  // of these, before the entry that is open
  bool directory_too_large = false;

  static la_ssize_t read(archive*, void* state, const void** buffer);
  static la_int64_t skip(archive*, void* state, la_int64_t bytes);
  static la_int64_t seek(archive*, void* state, la_int64_t offset, int whence);

  int next_header(archive_entry** entry);
  std::string problem_of(archive_entry* entry, int result, std::string_view name) const;
  void check_expanded(std::int64_t entry_bytes) const;
};

// The list of entries is read whole with the first header, and libarchive keeps it in memory.
la_ssize_t ArchiveReader::State::read(archive*, void* opaque, const void** buffer) {
  auto& state = *static_cast<State*>(opaque);
  if (state.entries == 0 && state.read_bytes > state.limits.maximum_directory_bytes) {
    state.directory_too_large = true;
    return -1;
  }
  const std::size_t size = std::fread(state.block.data(), 1, state.block.size(), state.file.get());
  state.read_bytes += static_cast<std::int64_t>(size);
  *buffer = state.block.data();
  return static_cast<la_ssize_t>(size);
}

la_int64_t ArchiveReader::State::skip(archive*, void* opaque, la_int64_t bytes) {
  auto& state = *static_cast<State*>(opaque);
  const la_int64_t left = state.file_bytes - ftello(state.file.get());
  const la_int64_t skipped = std::clamp<la_int64_t>(bytes, 0, std::max<la_int64_t>(0, left));
  return fseeko(state.file.get(), skipped, SEEK_CUR) == 0 ? skipped : -1;
}

la_int64_t ArchiveReader::State::seek(archive*, void* opaque, la_int64_t offset, int whence) {
  std::FILE* file = static_cast<State*>(opaque)->file.get();
  return fseeko(file, offset, whence) == 0 ? ftello(file) : ARCHIVE_FATAL;
}

int ArchiveReader::State::next_header(archive_entry** entry) {
  const int result = archive_read_next_header(handle.get(), entry);
  if (result != ARCHIVE_FATAL) return result;
  if (directory_too_large) {
    throw archive_too_large("has a list of entries of more than " +
                            megabytes(limits.maximum_directory_bytes));
  }
  throw bad_archive();
}

std::string ArchiveReader::State::problem_of(archive_entry* entry, int result, std::string_view name) const {
  if (static_cast<std::int64_t>(name.size()) > limits.maximum_path_bytes) {
    return "Its path has more than " + std::to_string(limits.maximum_path_bytes) + " bytes.";
  }
  if (auto problem = path_problem(name)) return *std::move(problem);
  if (archive_entry_filetype(entry) == AE_IFLNK) return "It is a symbolic link.";
  if (archive_entry_filetype(entry) == AE_IFDIR) return {};
  if (archive_entry_filetype(entry) != AE_IFREG) return "It is not a regular file.";
  if (archive_entry_is_encrypted(entry) != 0) return "It is encrypted.";
  if (result != ARCHIVE_OK) return "Its header is damaged.";
  if (!is_common_method(handle.get())) return "It is compressed by a method other than deflate.";
  if (archive_entry_size_is_set(entry) != 0 && archive_entry_size(entry) > limits.maximum_entry_bytes) {
    return "It is larger than " + megabytes(limits.maximum_entry_bytes) + ".";
  }
  return {};
}

void ArchiveReader::State::check_expanded(std::int64_t entry_bytes) const {
  if (entry_bytes > limits.maximum_entry_bytes) {
    throw bad_entry("It is larger than " + megabytes(limits.maximum_entry_bytes) + ".");
  }
  const auto block_bytes = static_cast<std::int64_t>(kBlockBytes);
  if (entry_bytes > limits.maximum_ratio * (read_bytes - read_before + block_bytes)) {
    throw bad_entry("It expands to more than " + std::to_string(limits.maximum_ratio) + " times its size.");
  }
}

ExpansionBudget::ExpansionBudget(std::int64_t archive_bytes, const ArchiveLimits& limits)
    : allowed_bytes_(
          std::min(limits.maximum_total_bytes,
                   limits.maximum_ratio * (archive_bytes + static_cast<std::int64_t>(kBlockBytes)))) {}

void ExpansionBudget::take(std::int64_t bytes) {
  if (taken_bytes_.fetch_add(bytes) + bytes > allowed_bytes_) {
    throw archive_too_large("expands to more than " + megabytes(allowed_bytes_));
  }
}

bool is_archive(const std::filesystem::path& file) {
  const std::string signature = read_signature(open_for_reading(file).get());
  return signature == kFirstEntry || signature == kEndOfArchive;
}

ArchiveReader::ArchiveReader(const std::filesystem::path& file, const ArchiveLimits& limits)
    : state_(std::make_unique<State>()) {
  state_->limits = limits;
  state_->file = open_for_reading(file);
  state_->file_bytes = size_bytes(state_->file.get());
  state_->is_empty = read_signature(state_->file.get()) == kEndOfArchive;
  if (state_->is_empty) return;
  state_->locale.reset(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr));
  if (!state_->locale) throw internal("the locale C.UTF-8 is missing");
  state_->handle.reset(archive_read_new());
  archive* handle = state_->handle.get();
  if (handle == nullptr) throw internal("out of memory in the ZIP reader");
  archive_read_support_format_zip_seekable(handle);
  archive_read_set_read_callback(handle, State::read);
  archive_read_set_skip_callback(handle, State::skip);
  archive_read_set_seek_callback(handle, State::seek);
  archive_read_set_callback_data(handle, state_.get());
  const LocaleScope scope(state_->locale);
  if (archive_read_open1(handle) != ARCHIVE_OK) throw bad_archive();
}

ArchiveReader::~ArchiveReader() = default;

std::optional<ArchiveEntry> ArchiveReader::next() {
  if (state_->is_empty) return std::nullopt;
  const LocaleScope scope(state_->locale);
  archive_entry* header = nullptr;
  const int result = state_->next_header(&header);
  if (result == ARCHIVE_EOF) return std::nullopt;
  if (state_->entries == state_->limits.maximum_entries) {
    throw archive_too_large("has more than " + std::to_string(state_->limits.maximum_entries) + " entries");
  }
  state_->read_before = state_->read_bytes;

  const char* bytes = archive_entry_pathname(header);
  const std::string name = entry_name(bytes == nullptr ? "" : bytes);
  ArchiveEntry entry;
  entry.position = state_->entries++;
  entry.is_folder = archive_entry_filetype(header) == AE_IFDIR;
  entry.problem = state_->problem_of(header, result, name);
  entry.path = entry.problem.empty() ? plain_path(name) : shortened(name, state_->limits.maximum_path_bytes);
  if (entry.path.empty()) entry.problem = "It has no name.";
  return entry;
}

void ArchiveReader::extract(const std::filesystem::path& path, ExpansionBudget& budget) {
  Stream file = open_for_writing(path);
  std::int64_t written = 0;
  while (true) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int result = archive_read_data_block(state_->handle.get(), &bytes, &size, &offset);
    if (result == ARCHIVE_EOF) break;
    if (result != ARCHIVE_OK || offset != written) throw bad_entry("It is damaged in the archive.");
    written += static_cast<std::int64_t>(size);
    state_->check_expanded(written);
    budget.take(static_cast<std::int64_t>(size));
    std::fwrite(bytes, 1, size, file.get());
  }
  finish_writing(std::move(file));
}

}  // namespace inpaint::media
