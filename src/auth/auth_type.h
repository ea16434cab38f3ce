// How clients have to prove who they are: the values of auth_type and of an HBA line's method.
#pragma once

namespace weir::auth {

// Peer and Reject stand in HBA lines only.
enum class AuthType { Any, Trust, Plain, Md5, ScramSha256, Cert, Hba, Pam, Ldap, Peer, Reject };

}  // namespace weir::auth
