// Both logins as state machines without I/O: a client's to us and ours to a server. A session feeds
// them the bodies of the peer's messages and does what each step says.
#pragma once

#include "auth/client_login.h"  // IWYU pragma: export
#include "auth/server_login.h"  // IWYU pragma: export
