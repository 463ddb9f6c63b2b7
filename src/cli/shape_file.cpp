#include "cli/shape_file.h"

#include <fmt/format.h>

#include <system_error>

#include "cli/progress.h"
#include "shapes/model_file.h"

namespace ingle::cli {
namespace {

namespace fs = std::filesystem;

Status check_space(const shapes::ShapeSpec& spec, const fs::path& folder) {
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  const uint64_t needed = shapes::file_bytes(spec);
  if (error || space.available >= needed) return {};
  return std::unexpected(
      Error::exhausted(fmt::format("{} takes {}, '{}' has {} free", spec.name(), format_bytes(needed), folder.string(),
                                   format_bytes(space.available)))
          .hint("make room, or take a smaller shape"));
}

Status write(Context& context, const shapes::ShapeSpec& spec, std::ostream& out) {
  Progress progress(context.console);
  shapes::WriteOptions options;
  options.stop = context.interrupts.arm();
  const std::string label = "writing " + spec.name();
  options.progress = [&](uint64_t done, uint64_t total) { progress.bytes(label, done, total); };
  const Status written = shapes::write_model(spec, out, options);
  context.interrupts.disarm();
  return written;
}

fs::path path_of(const base::FileDescriptor& file) {
  return fmt::format("/proc/self/fd/{}", file.get());
}

}  // namespace

Status write_shape_file(Context& context, const shapes::ShapeSpec& spec, const fs::path& path) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(path, error)))
    return std::unexpected(Error::refused("'" + path.string() + "' is there already, and nothing is replaced")
                               .hint("remove it, or choose another name"));
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!fs::is_directory(folder, error))
    return std::unexpected(Error::not_found("there is no folder '" + folder.string() + "'").hint("make it first"));
  INGLE_TRY_VOID(check_space(spec, folder));
  fs::path part = path;
  part += ".part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  if (!out) return std::unexpected(Error::io("making '" + part.string() + "'", errno));
  Status written = write(context, spec, out);
  out.close();
  if (written && !out) written = std::unexpected(Error::io("writing '" + part.string() + "'", errno));
  if (written) {
    fs::rename(part, path, error);
    if (!error) return {};
    written = std::unexpected(Error::io("renaming '" + part.string() + "'", error.value()));
  }
  fs::remove(part, error);
  return written;
}

Result<TemporaryShape> TemporaryShape::write(Context& context, const shapes::ShapeSpec& spec) {
  const fs::path folder = fs::path(context.app->settings().home) / "tmp";
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return std::unexpected(Error::io("making '" + folder.string() + "'", error.value()));
  INGLE_TRY_VOID(check_space(spec, folder));
  TemporaryShape shape;
  shape.name_ = spec.name();
  shape.bytes_ = shapes::file_bytes(spec);
  INGLE_TRY(shape.file_, base::unnamed_file(folder, ""));
  context.console.talk(fmt::format("writing {} of random weights to '{}'; they are gone when this ends\n",
                                   format_bytes(shape.bytes_), folder.string()));
  std::ofstream out(path_of(shape.file_), std::ios::binary | std::ios::in | std::ios::out);
  if (!out) return std::unexpected(Error::io("writing a temporary file in '" + folder.string() + "'", errno));
  INGLE_TRY_VOID(cli::write(context, spec, out));
  out.close();
  if (!out) return std::unexpected(Error::io("writing a temporary file in '" + folder.string() + "'", errno));
  return shape;
}

app::ModelFiles TemporaryShape::files() const {
  return {.name = name_, .parts = {path_of(file_)}, .bytes = bytes_, .installed = {}};
}

}  // namespace ingle::cli
