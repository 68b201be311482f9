#pragma once

#include <memory>

#include "transport/frame_stream.hpp"
#include "transport/loopback_hub.hpp"

namespace lockstep::transport {

/// One end of a cable.
class LoopbackStream final : public IFrameStream,
                             public std::enable_shared_from_this<LoopbackStream> {
 public:
  using Hub = LoopbackNetwork::Hub;

  LoopbackStream(std::shared_ptr<Hub> hub, Hub::EndId end, std::shared_ptr<IExecutor> strand)
      : hub_(std::move(hub)), end_(end), strand_(std::move(strand)) {}
  ~LoopbackStream() override { hub_->drop(end_); }

  void set_signals(Signals signals) override { signals_ = std::move(signals); }
  void read(ReadHandler handler) override;
  void write(Frames frames, WriteHandler handler) override;
  void ping(std::uint64_t number) override;
  void close() override;
  void drop() override;

 private:
  void receive();
  void take_in(Hub::Item item);
  void fail_read();

  std::shared_ptr<Hub> hub_;
  Hub::EndId end_;
  std::shared_ptr<IExecutor> strand_;
  Signals signals_;
  ReadHandler reader_;
  bool attached_ = false;
  bool receiving_ = false;
  bool ended_ = false;
};

/// A node's place at the hub.
class LoopbackCarrier final : public ICarrier,
                              public std::enable_shared_from_this<LoopbackCarrier> {
 public:
  using Hub = LoopbackNetwork::Hub;

  LoopbackCarrier(std::shared_ptr<Hub> hub, NodeId node, Hub::StayId stay,
                  std::shared_ptr<IExecutor> strand)
      : hub_(std::move(hub)), node_(std::move(node)), stay_(stay), strand_(std::move(strand)) {}

  void start(Events events) override;
  [[nodiscard]] std::function<void()> dial(const PeerAddress& address,
                                           DialHandler handler) override;
  void stop() override;

 private:
  [[nodiscard]] Stream stream_of(Hub::EndId end) const;

  std::shared_ptr<Hub> hub_;
  NodeId node_;
  Hub::StayId stay_;
  std::shared_ptr<IExecutor> strand_;
  bool stopped_ = false;
};

}  // namespace lockstep::transport
