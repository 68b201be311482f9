#include <boost/asio/post.hpp>
#include <cstring>
#include <utility>

#include "base/digest.hpp"
#include "benchmark/node.hpp"
#include "benchmark/pair.hpp"

namespace lockstep::benchmark {
namespace {

constexpr std::size_t kEntryPayloadBytes = 256;

EntryBatch batch_of(const SharedBuffer& payload) {
  EntryBatch batch;
  Sha256 sha;
  const std::size_t per_entry =
      kEntryPayloadBytes + EntryHeader::kEncodedBytes + Digest::kBytes;  // so frames are as long
  for (std::size_t offset = 0; offset + per_entry <= payload.size(); offset += per_entry) {
    Payload bytes(payload.bytes().subspan(offset, kEntryPayloadBytes));
    EntryHeader header;
    header.term = Term(1);
    header.index = Index(offset / per_entry + 1);
    header.payload_bytes = kEntryPayloadBytes;
    batch.entries.push_back(seal_entry(sha, header, std::move(bytes).release()));
  }
  return batch;
}

class LockstepEnd final : public IEnd {
 public:
  LockstepEnd(const std::string& name, std::string peer, bool sends_entries)
      : node_(name), peer_(std::move(peer)), sends_entries_(sends_entries) {
    auto handler =
        node_.network().set_handler(GroupId{}, {MessageType::kWalEntry, host_message_type(0)},
                                    [this](const ReplicationMessage&) {
                                      if (received_) received_();
                                    });
    if (!handler) give_up(handler.error().message);
    subscription_ = std::move(*handler);
  }
  ~LockstepEnd() override { subscription_.reset(); }
  Node& node() { return node_; }

  void use(const SharedBuffer& payload) override {
    message_.type = sends_entries_ ? MessageType::kAppendEntries : host_message_type(0);
    message_.target_node = NodeId(peer_);
    if (sends_entries_) {
      message_.data = batch_of(payload);
    } else {
      message_.data = payload;
    }
  }
  void send(std::function<void()> written) override {
    must(node_.network().send_message(message_, [written = std::move(written)](const Error& error) {
      if (error) give_up(error.message);
      written();
    }));
  }
  void on_receive(std::function<void()> handler) override { received_ = std::move(handler); }
  void post(std::function<void()> task) override {
    boost::asio::post(node_.runtime()->io_executor(), std::move(task));
  }

 private:
  std::function<void()> received_;
  Node node_;
  std::string peer_;
  bool sends_entries_;
  ReplicationMessage message_;
  Subscription subscription_;
};

class LockstepPair final : public IPair {
 public:
  explicit LockstepPair(bool sends_entries)
      : sends_entries_(sends_entries),
        dialler_("a", "b", sends_entries),
        acceptor_("b", "a", sends_entries) {
    dialler_.node().dial(acceptor_.node().address());
    dialler_.node().wait_connected(1);
    acceptor_.node().wait_connected(1);
  }
  std::string name() const override { return sends_entries_ ? "lockstep_entries" : "lockstep"; }
  IEnd& dialler() override { return dialler_; }
  IEnd& acceptor() override { return acceptor_; }

 private:
  bool sends_entries_;
  LockstepEnd dialler_;
  LockstepEnd acceptor_;
};

}  // namespace

std::unique_ptr<IPair> make_lockstep_pair() { return std::make_unique<LockstepPair>(false); }
std::unique_ptr<IPair> make_lockstep_entries_pair() { return std::make_unique<LockstepPair>(true); }

}  // namespace lockstep::benchmark
