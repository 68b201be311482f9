#include "tools/sample_log.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/digest.hpp"
#include "consensus/configuration_codec.hpp"
#include "tools/lockstep_wal/log_view.hpp"
#include "tools/lockstep_wal/segment_walk.hpp"

namespace lockstep::testing {

Outcome run_tool(IFileSystem& files, const std::vector<std::string>& words) {
  ManualRuntime runtime(files);
  std::ostringstream out;
  std::ostringstream err;
  Outcome outcome;
  outcome.status = tools::run(words, {runtime, out, err});
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

Entry SampleLog::entry(std::uint64_t index) {
  if (index == 60) return configuration_entry(index);
  return make_entry(index, index < kTruncated ? 1 : 2, 500);
}

Entry SampleLog::configuration_entry(std::uint64_t index) {
  BootstrapRecord record;
  record.cluster = ClusterId({0xc1});
  record.epoch = Epoch({0xe9});
  record.configuration.voters = {{NodeId("node-1"), Incarnation({1})},
                                 {NodeId("node-2"), Incarnation({2})},
                                 {NodeId("node-3"), Incarnation({3})}};
  record.configuration.learners = {{NodeId("node-4"), Incarnation({4})}};
  Sha256 sha;
  Payload payload{ByteSpan(consensus::encode(record))};
  EntryHeader header;
  header.group = kGroup;
  header.kind = EntryKind::kConfiguration;
  header.term = Term(1);
  header.index = Index(index);
  header.payload_bytes = payload.size();
  return seal_entry(sha, header, std::move(payload).release());
}

WALIdentity SampleLog::identity(const WALIdentity& born) {
  WALIdentity identity = born;
  identity.cluster = ClusterId({0xc1});
  identity.epoch = Epoch({0xe9});
  return identity;
}

void SampleLog::write(SimulatedDisk& disk, const NodeId& node) {
  FileNode own(disk, node == kNode ? 1 : 2, node);
  const WALState born = own.opened();
  Caller caller = own.call();
  WALWrite first;
  first.identity = identity(born.identity);
  first.hard_state = HardState{Term(1), NodeId("node-1")};
  ASSERT_FALSE(caller.write(first));
  const auto append_all = [&](std::uint64_t from, std::uint64_t to, std::uint64_t term) {
    for (std::uint64_t index = from; index <= to; index += 5) {
      std::vector<Entry> entries;
      for (std::uint64_t each = index; each < index + 5; ++each) {
        entries.push_back(each < kTruncated && each != 60 ? make_entry(each, term, 500)
                                                          : SampleLog::entry(each));
      }
      ASSERT_FALSE(caller.write(append(std::move(entries))));
    }
  };
  append_all(1, 290, 1);
  ASSERT_FALSE(caller.write(append(291, 300, 1, 400)));
  WALWrite second;
  second.truncate_from = Index(kTruncated);
  second.hard_state = HardState{Term(2), NodeId("node-2")};
  ASSERT_FALSE(caller.write(second));
  append_all(kTruncated, kLast, 2);
  ASSERT_FALSE(caller.release(make_boundary(kFirst - 1, 1)));
  ASSERT_FALSE(caller.close());
}

BatchPlace find_batch(IFileSystem& files, const std::string& folder, std::uint64_t index) {
  BatchPlace place;
  const auto view = tools::view_log(files, folder);
  EXPECT_TRUE(view) << view.error().message;
  if (!view) return place;
  const LogMap::Extent* const extent = view->log.map.find(Index(index));
  EXPECT_NE(extent, nullptr);
  if (extent == nullptr) return place;
  const LogMap::Segment& segment = *view->log.map.segment(extent->segment);
  place.path = folder + "/" + tools::segment_name(segment.number);
  const auto file = files.open_to_read(place.path);
  tools::SegmentWalk walk(**file, segment.nonce, extent->places.front().offset, segment.end);
  while (const auto step = walk.next()) {
    if (!step->range().contains(Index(index))) continue;
    place.offset = step->offset;
    place.range = step->range();
    return place;
  }
  ADD_FAILURE() << "no batch holds entry " << index;
  return place;
}

TemporaryFolder::TemporaryFolder() : path_(::testing::TempDir() + "lockstep-tool-XXXXXX") {
  EXPECT_NE(::mkdtemp(path_.data()), nullptr);
}

TemporaryFolder::~TemporaryFolder() { std::filesystem::remove_all(path_); }

std::string TemporaryFolder::write(const std::string& name, const std::string& content) const {
  const std::string path = path_ + "/" + name;
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

}  // namespace lockstep::testing
