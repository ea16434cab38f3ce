// PAM: whether the modules that the administrator has put together for a service let a user in.
#include <fmt/format.h>
#include <security/pam_appl.h>

#include <cstdlib>
#include <cstring>
#include <span>

#include "login/answer.h"

namespace weir::login {

namespace {

// Modules ask by prompts, which have no meaning that a program could know: whatever is not to be
// seen on a screen is the password. The answers are freed by PAM.
int converse(int count, const pam_message** messages, pam_response** answers, void* password) {
  if (count <= 0 || count > PAM_MAX_NUM_MSG) return PAM_CONV_ERR;
  const auto size = static_cast<std::size_t>(count);
  auto* given = static_cast<pam_response*>(std::calloc(size, sizeof(pam_response)));
  if (given == nullptr) return PAM_BUF_ERR;
  for (std::size_t i = 0; i < size; ++i) {
    const int style = messages[i]->msg_style;
    if (style == PAM_PROMPT_ECHO_OFF) {
      given[i].resp = ::strdup(static_cast<const char*>(password));
    } else if (style != PAM_TEXT_INFO && style != PAM_ERROR_MSG) {
      for (const pam_response& answer : std::span(given, size)) std::free(answer.resp);
      std::free(given);
      return PAM_CONV_ERR;
    }
  }
  *answers = given;
  return PAM_SUCCESS;
}

// Modules want a failure to take seconds. Here it would hold a thread that others need; the
// client's own wait is auth_failure_delay.
void no_delay(int, unsigned, void*) {}

class Transaction {
 public:
  Transaction(const auth::Question& question, const char* folder) {
    conversation_ = {.conv = converse,
                     .appdata_ptr = const_cast<char*>(question.password.c_str())};
    status_ = ::pam_start_confdir(question.service.c_str(), question.user.c_str(), &conversation_,
                                  folder, &handle_);
    failed_ = "pam_start()";
  }
  ~Transaction() {
    if (handle_ != nullptr) ::pam_end(handle_, status_);
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void set(int item, const void* value) {
    if (status_ == PAM_SUCCESS) status_ = ::pam_set_item(handle_, item, value);
  }
  void step(const char* name, int (*function)(pam_handle_t*, int)) {
    if (status_ != PAM_SUCCESS) return;
    failed_ = name;
    status_ = function(handle_, PAM_SILENT);
  }
  auth::Verdict verdict() const {
    if (status_ == PAM_SUCCESS) return {.outcome = auth::Verdict::Outcome::Yes};
    return {.text = fmt::format("{} failed: {}", failed_, ::pam_strerror(handle_, status_))};
  }

 private:
  pam_conv conversation_{};
  pam_handle_t* handle_ = nullptr;
  int status_ = PAM_SUCCESS;
  const char* failed_ = "";
};

}  // namespace

auth::Verdict ask_pam(const auth::Question& question, const char* folder) {
  Transaction pam(question, folder);
  pam.set(PAM_FAIL_DELAY, reinterpret_cast<const void*>(&no_delay));
  if (!question.address.empty()) pam.set(PAM_RHOST, question.address.c_str());
  pam.step("pam_authenticate()", ::pam_authenticate);
  pam.step("pam_acct_mgmt()", ::pam_acct_mgmt);
  return pam.verdict();
}

}  // namespace weir::login
