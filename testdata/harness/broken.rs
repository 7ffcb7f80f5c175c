//! Where readers point in malformed input: `testdata/broken/DIALECT/SENTENCE.*`, and beside each the
//! remarks on it, in `SENTENCE.remarks`.

use crate::read::{cases, read, root};
use crate::{expected, render};

#[test]
fn remarks_point_at_the_right_place() {
    let cases = cases(&root().join("broken"), "remarks");
    let wrong = cases.iter().filter_map(|(input, dialect)| {
        let (ruleset, sources) = read(input, *dialect);
        let remarks = render::remarks(&ruleset.remarks, &sources);
        if remarks.is_empty() {
            return Some(format!("{} gets no remark", input.display()));
        }
        expected::compare(&input.with_extension("remarks"), &remarks, true)
    });
    expected::report(wrong.collect());
}
