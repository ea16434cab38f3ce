// How clients have to prove who they are: the values of auth_type and of an HBA line's method.
#pragma once

namespace weir::auth {

enum class AuthType { Any, Trust, Plain, Md5, ScramSha256, Cert, Hba, Pam, Ldap };

}  // namespace weir::auth
