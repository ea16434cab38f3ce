// Message types of the PostgreSQL protocol, versions 3.0 and 3.2 (manual, "Message Formats").
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace weir::wire {

// What clients send.
namespace fe {
inline constexpr std::uint8_t kQuery = 'Q', kParse = 'P', kBind = 'B', kDescribe = 'D',
                              kExecute = 'E', kClose = 'C', kFlush = 'H', kSync = 'S',
                              kFunctionCall = 'F', kCopyData = 'd', kCopyDone = 'c',
                              kCopyFail = 'f', kTerminate = 'X', kPassword = 'p';
}  // namespace fe

// What servers send.
namespace be {
inline constexpr std::uint8_t kAuthentication = 'R', kBackendKeyData = 'K',
                              kParameterStatus = 'S', kReadyForQuery = 'Z', kRowDescription = 'T',
                              kDataRow = 'D', kCommandComplete = 'C', kErrorResponse = 'E',
                              kNoticeResponse = 'N', kNotification = 'A', kParseComplete = '1',
                              kBindComplete = '2', kCloseComplete = '3', kNoData = 'n',
                              kParameterDescription = 't', kPortalSuspended = 's',
                              kEmptyQuery = 'I', kFunctionCallResponse = 'V', kCopyIn = 'G',
                              kCopyOut = 'H', kCopyBoth = 'W', kCopyData = 'd', kCopyDone = 'c',
                              kNegotiate = 'v';
}  // namespace be

// Authentication request codes (body of an 'R' message).
namespace authentication {
inline constexpr std::uint32_t kOk = 0, kClearText = 3, kMd5 = 5, kSasl = 10, kSaslContinue = 11,
                               kSaslFinal = 12;
}  // namespace authentication

inline constexpr std::uint32_t kProtocol30 = 0x00030000;
inline constexpr std::uint32_t kProtocol32 = 0x00030002;
inline constexpr std::uint32_t kCancelCode = 80877102;
inline constexpr std::uint32_t kSslCode = 80877103;
inline constexpr std::uint32_t kGssCode = 80877104;

// Type byte and length word.
inline constexpr std::size_t kHeaderSize = 5;
// PostgreSQL's MAX_STARTUP_PACKET_LENGTH.
inline constexpr std::size_t kStartupLimit = 10000;
// PostgreSQL's PQ_LARGE_MESSAGE_LIMIT and PQ_SMALL_MESSAGE_LIMIT, without the length word.
inline constexpr std::size_t kLargeMessage = 0x3fffffff;
inline constexpr std::size_t kSmallMessage = 10000;

// A message seen whole: its type and its body behind the length word.
struct Message {
  std::uint8_t type = 0;
  Bytes body;
  Bytes whole;
};

}  // namespace weir::wire
