// From C++: handles owned by unique_ptr, a verdict, an exception that stays in C++.
#include <tamis.h>

#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

namespace {

template <typename T, void (*Free)(T *)>
struct Freed {
  void operator()(T *it) const { Free(it); }
};
using Engine = std::unique_ptr<tamis_engine, Freed<tamis_engine, tamis_engine_free>>;
using Scan = std::unique_ptr<tamis_scan, Freed<tamis_scan, tamis_scan_free>>;
using Verdict = std::unique_ptr<tamis_verdict, Freed<tamis_verdict, tamis_verdict_free>>;

void check(tamis_status status) {
  if (status != TAMIS_OK) throw std::runtime_error(tamis_last_error());
}

Engine open(const std::string &config) {
  tamis_engine *engine = nullptr;
  check(tamis_engine_open(config.data(), config.size(), &engine));
  return Engine(engine);
}

}  // namespace

int main() {
  Engine engine = open("[yara]\nenabled = false\n");
  tamis_scan *made = nullptr;
  check(tamis_scan_new(engine.get(), &made));
  Scan scan(made);
  const std::string message = "From: ann@one.example\nSubject: Monday\n\nSee you on Monday.\n";
  check(tamis_scan_feed(scan.get(), reinterpret_cast<const uint8_t *>(message.data()), message.size()));
  tamis_verdict *judged = nullptr;
  check(tamis_scan_finish(scan.get(), &judged));
  Verdict verdict(judged);
  if (std::strcmp(tamis_action_name(tamis_verdict_action(verdict.get())), "accept") != 0) return 1;
  try {
    open("[nothing]\n");
    return 2;
  } catch (const std::runtime_error &error) {
    if (std::string(error.what()).find("nothing") == std::string::npos) return 3;
  }
  tamis_thread_release();
  return 0;
}
