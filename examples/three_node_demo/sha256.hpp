#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace lockstep_demo {

/// SHA-256 over pieces, by OpenSSL. Throws std::runtime_error if OpenSSL offers no SHA-256, which
/// no input can bring about.
class Sha256 {
 public:
  Sha256();

  void update(std::string_view bytes);

  /// The 64 lower-case digits over all that was given; the object starts over.
  [[nodiscard]] std::string finish_hex();

 private:
  struct FreeContext {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };

  void start();

  std::unique_ptr<evp_md_ctx_st, FreeContext> context_;
};

[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace lockstep_demo
