//! What in an export is no cloud's.

use super::{Fields, Remarks};

/// Tells that an object of an export is none that is known. A firewall of a machine is lost where it is passed over.
pub fn nothing_known(object: Fields, message: &str, remarks: &mut Remarks) {
    if object.get("nftables").is_none() {
        return remarks.unknown(object.span(), message);
    }
    remarks.add_with(
        object.span(),
        "this is of nft, and stands in a file of a cloud: it is not judged",
        vec!["In a file of its own it is.".to_owned()],
    );
}
