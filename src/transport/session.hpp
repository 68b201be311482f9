#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "link/actions.hpp"
#include "link/local_node.hpp"
#include "transport/frame_stream.hpp"
#include "transport/outgoing.hpp"
#include "transport/traffic_counters.hpp"
#include "wire/frame_decoder.hpp"

namespace lockstep::transport {

/// Who owns sessions. Called on the strand, never inside a call to the session.
class ISessionOwner {
 public:
  virtual ~ISessionOwner() = default;
  virtual void on_bytes(link::ConnectionId id) = 0;
  virtual void on_pong(link::ConnectionId id, std::uint64_t number) = 0;
  /// Before the handshake has ended, only frames of the handshake are looked at.
  [[nodiscard]] virtual bool may_receive_messages(link::ConnectionId id) = 0;
  virtual void on_received(link::ConnectionId id, wire::Received received) = 0;
  virtual void on_bad_frame(link::ConnectionId id, const Error& error) = 0;
  virtual void on_closed(link::ConnectionId id, const Error& error) = 0;
};

/// One open connection: reads frames and decodes them, writes queued frames, small ones together.
/// What it may say and when is the link's business. Used on one strand only.
class Session : public std::enable_shared_from_this<Session> {
 public:
  /// `finished`: gets each message exactly once, written or not.
  using Finished = std::function<void(Outgoing message, Error error)>;

  Session(link::ConnectionId id, std::shared_ptr<IFrameStream> stream, ISessionOwner& owner,
          std::size_t max_entry_bytes, CounterPair counters, Finished finished);

  void start();
  void send(Outgoing message);
  void ping(std::uint64_t number) { stream_->ping(number); }
  /// The handshake has ended.
  void allow_all_frames() { stream_->allow_all_frames(); }
  /// Sends what is queued (or drops it), then the last word, then closes in order. Frames that come
  /// meanwhile are not looked at. The owner gets `on_closed`.
  void finish(bool flush, std::optional<Outgoing> last_word, const Error& reason);
  /// Ends at once; the owner hears nothing any more.
  void drop(const Error& reason);

 private:
  void read();
  void on_read(Result<SharedBuffer> frame);
  void decode(const SharedBuffer& frame);
  void count(const wire::Received& received, std::size_t bytes);
  void write();
  void on_written(const Error& error);
  void end(const Error& error);
  void let_go_of_stream();
  void fail_queued(const Error& reason);

  link::ConnectionId id_;
  std::shared_ptr<IFrameStream> stream_;
  ISessionOwner* owner_;  ///< null once dropped or ended
  wire::FrameDecoder decoder_;
  CounterPair counters_;
  Finished finished_;
  /// Of the frames of an entry whose last part has not come.
  std::size_t bytes_of_parts_ = 0;
  OutgoingQueue queue_;
  /// What is being written; empty if nothing is.
  std::vector<OutgoingQueue::Frame> writing_;
  std::vector<const wire::OutgoingFrame*> frames_;  ///< of `writing_`, for the stream
  /// The messages of the frames that are being written have been reported already.
  bool queue_emptied_ = false;
  bool reading_ended_ = false;
  bool finishing_ = false;
  bool close_sent_ = false;
  std::optional<Outgoing> last_word_;
  Error reason_;
};

}  // namespace lockstep::transport
