#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "data_folder.hpp"
#include "demo.hpp"
#include "demo_options.hpp"

namespace {

using namespace lockstep_demo;  // NOLINT

int refuse(const std::string& text) {
  std::cerr << "lockstep-demo: " << text << "\n";
  return kExitBadUsage;
}

CollectionStoreInput load_input(const DemoOptions& options) {
  if (options.generated) return generate_input(*options.generated);
  return load_collection_store_input(options.input.value_or(LOCKSTEP_DEMO_SAMPLE));
}

int run(const DemoOptions& options, const CollectionStoreInput& input) {
  // With --json only the object goes to stdout; the story is told on stderr.
  Narrator narrator(options.json ? std::cerr : std::cout);
  const DataFolder folder(options);
  narrator.say(std::to_string(options.nodes) + " nodes, " + std::to_string(input.entries.size()) +
               " entries, files in " + folder.path().string());
  if (input.statistics.repeated_sequence_numbers > 0) {
    narrator.say("  " + std::to_string(input.statistics.repeated_sequence_numbers) +
                 " entries repeat a sequence number; all are kept, the index in our log is ours");
  }
  Summary summary;
  try {
    summary = Demo(options.nodes, options.elected, folder.path(), input, narrator).run();
  } catch (const std::exception& error) {
    summary.checks.push_back({"the demo came to its end", false, error.what()});
  }
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
    if (const auto* error = std::get_if<UsageError>(&parsed)) return refuse(error->text);
    const auto& options = std::get<DemoOptions>(parsed);
    if (options.help) {
      std::cout << help_text();
      return EXIT_SUCCESS;
    }
    const CollectionStoreInput input = load_input(options);
    if (input.error) return refuse(input.error->message());
    if (const auto error = check_data_folder(options)) return refuse(error->text);
    return run(options, input);
  } catch (const std::exception& error) {
    std::cerr << "lockstep-demo: " << error.what() << "\n";
    return EXIT_FAILURE;
  }
}
