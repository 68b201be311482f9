#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string_view>
#include <vector>

#include "demo.hpp"
#include "demo_options.hpp"

namespace {

using namespace lockstep_demo;  // NOLINT
namespace fs = std::filesystem;

CollectionStoreInput load_input(const DemoOptions& options) {
  if (options.generated) return generate_input(*options.generated);
  return load_collection_store_input(options.input.value_or(LOCKSTEP_DEMO_SAMPLE));
}

fs::path make_temporary_folder() {
  std::string name = (fs::temp_directory_path() / "lockstep-demo-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::runtime_error("cannot make a temporary folder like " + name);
  }
  return name;
}

/// Removes what the demo has made, unless it is to be kept.
class Folder {
 public:
  explicit Folder(const DemoOptions& options)
      : path_(options.data_dir ? *options.data_dir : make_temporary_folder()),
        is_temporary_(!options.data_dir),
        keep_(options.keep || (options.data_dir && fs::exists(*options.data_dir / "node-1"))) {}
  ~Folder() {
    if (keep_) return;
    std::error_code ignored;
    if (is_temporary_) {
      fs::remove_all(path_, ignored);
      return;
    }
    for (std::size_t i = 1; i <= kMaxNodes; ++i) {
      fs::remove_all(path_ / ("node-" + std::to_string(i)), ignored);
    }
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }
  [[nodiscard]] bool is_kept() const { return keep_; }

 private:
  fs::path path_;
  bool is_temporary_;
  bool keep_;
};

int run(const DemoOptions& options, const CollectionStoreInput& input) {
  // With --json only the object goes to stdout; the story is told on stderr.
  Narrator narrator(options.json ? std::cerr : std::cout);
  const Folder folder(options);
  narrator.say(std::to_string(options.nodes) + " nodes, " + std::to_string(input.entries.size()) +
               " entries, files in " + folder.path().string());
  if (input.statistics.repeated_sequence_numbers > 0) {
    narrator.say("  " + std::to_string(input.statistics.repeated_sequence_numbers) +
                 " entries repeat a sequence number; all are kept, the index in our log is ours");
  }
  const Summary summary = Demo(options.nodes, folder.path(), input, narrator).run();
  if (options.json) {
    print_json(std::cout, summary);
  } else {
    print_table(std::cout, summary);
  }
  if (folder.is_kept()) narrator.say("files kept in " + folder.path().string());
  return summary.all_held() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  try {
    const auto parsed = parse_demo_options(arguments);
    if (const auto* error = std::get_if<UsageError>(&parsed)) {
      std::cerr << "lockstep-demo: " << error->text << "\n";
      return kExitBadUsage;
    }
    const auto& options = std::get<DemoOptions>(parsed);
    if (options.help) {
      std::cout << help_text();
      return EXIT_SUCCESS;
    }
    const CollectionStoreInput input = load_input(options);
    if (input.error) {
      std::cerr << "lockstep-demo: " << input.error->message() << "\n";
      return kExitBadUsage;
    }
    return run(options, input);
  } catch (const std::exception& error) {
    std::cerr << "lockstep-demo: " << error.what() << "\n";
    return EXIT_FAILURE;
  }
}
