use fwlint::source::Sources;
fn main() {
    for path in std::env::args().skip(1) {
        let mut sources = Sources::default();
        let file = sources.add(&path, std::fs::read(&path).unwrap());
        let start = std::time::Instant::now();
        let tree = fwlint::dialects::nft::read_text(file, &sources.file(file).text);
        let took = start.elapsed();
        for r in &tree.remarks {
            let p = sources.start(r.span);
            let line = sources.file(file).line(p.line);
            println!(
                "{path}:{}:{}: {:?} {} {:?} | {}",
                p.line,
                p.column,
                r.kind,
                r.message,
                r.notes,
                sources.file(file).text[line].trim()
            );
        }
        if took.as_millis() > 50 {
            println!("{path} {took:?}");
        }
    }
}
