#include "base/core_board.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>

namespace ingle::base {
namespace {

constexpr uint32_t kPlaces = 64;
constexpr uint64_t kStaleNs = 2'000'000'000;
// A chunk of a prompt may take longer: a place that is still held counts for so long. Not for ever, since a process can be
// stopped in the middle of a step.
constexpr uint64_t kLongestStepNs = 60'000'000'000;

// The time until which an engine counts as computing, on the clock that all processes share; 0: it is idle. One cache line
// each, because every engine writes its own once a step. What others wrote is only ever compared, so a torn or false value
// costs speed at worst.
struct alignas(64) Place {
  std::atomic<uint64_t> busy_until;
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);

uint64_t now_ns() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

struct flock lock_of(uint32_t place) {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = place;
  lock.l_len = 1;
  return lock;
}

bool lock_place(int fd, uint32_t place) {
  struct flock lock = lock_of(place);
  return ::fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

bool is_held_by_another(int fd, uint32_t place) {
  struct flock lock = lock_of(place);
  return ::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace

struct CoreBoard::Impl {
  FileDescriptor fd;
  Place* places = nullptr;
  uint32_t own = 0;
};

Result<std::filesystem::path> CoreBoard::folder_of_user(const std::filesystem::path& runtime_folder) {
  std::filesystem::path folder = runtime_folder / "ingle";
  struct stat status{};
  // Under `su` and `sudo` the variable may name the folder of another user, who must not find root's files there.
  if (runtime_folder.empty() || ::stat(runtime_folder.c_str(), &status) != 0 || status.st_uid != ::geteuid()) {
    const bool has_shm = ::access("/dev/shm", W_OK) == 0;
    folder = (has_shm ? "/dev/shm/ingle-" : "/tmp/ingle-") + std::to_string(::geteuid());
  }
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return std::unexpected(Error::io("cannot make '" + folder.string() + "'", errno));
  // In a folder that everybody may write, somebody else may have been there first.
  if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() ||
      (status.st_mode & 077) != 0)
    return std::unexpected(Error::refused("'" + folder.string() + "' is no folder of this user's alone"));
  return folder;
}

Result<FileDescriptor> CoreBoard::reserve(const std::filesystem::path& path) {
  FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return std::unexpected(Error::io("cannot open '" + path.string() + "'", errno));
  struct stat status{};
  constexpr auto kSize = static_cast<off_t>(kPlaces * sizeof(Place));
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return std::unexpected(Error::corrupt("'" + path.string() + "' is no regular file"));
  if (status.st_size < kSize && ::ftruncate(fd.get(), kSize) != 0)
    return std::unexpected(Error::io("cannot extend '" + path.string() + "'", errno));
  for (uint32_t place = 0; place < kPlaces; ++place) {
    if (!lock_place(fd.get(), place)) continue;
    // The descriptor's position names the place: it travels with it, and nothing else reads or writes through it.
    if (::lseek(fd.get(), place, SEEK_SET) < 0) return std::unexpected(Error::io("seeking", errno));
    return fd;
  }
  return std::unexpected(Error::exhausted(std::to_string(kPlaces) + " engines are running already"));
}

CoreBoard::CoreBoard(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<CoreBoard>> CoreBoard::open(FileDescriptor place) {
  auto impl = std::make_unique<Impl>();
  struct stat status{};
  const off_t own = ::lseek(place.get(), 0, SEEK_CUR);
  if (own < 0 || own >= static_cast<off_t>(kPlaces) || ::fstat(place.get(), &status) != 0 ||
      status.st_size < static_cast<off_t>(kPlaces * sizeof(Place)))
    return std::unexpected(Error::corrupt("the board of cores is not one"));
  void* const memory = ::mmap(nullptr, kPlaces * sizeof(Place), PROT_READ | PROT_WRITE, MAP_SHARED, place.get(), 0);
  if (memory == MAP_FAILED) return std::unexpected(Error::io("cannot map the board of cores", errno));
  impl->fd = std::move(place);
  impl->places = static_cast<Place*>(memory);
  impl->own = static_cast<uint32_t>(own);
  return std::unique_ptr<CoreBoard>(new CoreBoard(std::move(impl)));
}

CoreBoard::~CoreBoard() {
  leave();
  ::munmap(impl_->places, kPlaces * sizeof(Place));
}

uint32_t CoreBoard::take(uint32_t n_cores) {
  const uint64_t now = now_ns();
  impl_->places[impl_->own].busy_until.store(now + kStaleNs, std::memory_order_relaxed);
  uint32_t busy = 1;
  uint32_t rank = 0;  // of this engine among those that compute: the first ones get the cores that are left over
  for (uint32_t place = 0; place < kPlaces; ++place) {
    const uint64_t until = impl_->places[place].busy_until.load(std::memory_order_relaxed);
    if (place == impl_->own || until == 0 || until > now + 2 * kStaleNs || until + kLongestStepNs <= now) continue;
    if (until <= now && !is_held_by_another(impl_->fd.get(), place)) continue;
    ++busy;
    if (place < impl_->own) ++rank;
  }
  const uint32_t share = n_cores / busy + (rank < n_cores % busy ? 1 : 0);
  return share > 0 ? share : 1;
}

void CoreBoard::leave() {
  impl_->places[impl_->own].busy_until.store(0, std::memory_order_relaxed);
}

}  // namespace ingle::base
