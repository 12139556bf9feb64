//! A tree of small files: the first look, and the second that finds nothing changed.

#![expect(clippy::expect_used, reason = "a bench without its files is over")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use proofmark::base::time::nanoseconds;
use proofmark::base::tree::{Patterns, Tree, Walk, compare};

const FILES: u64 = 2000;

#[expect(clippy::disallowed_methods, reason = "a bench's own files")]
fn folder() -> std::io::Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    for n in 0..FILES {
        let below = folder.path().join(format!("{}/src", n % 50));
        std::fs::create_dir_all(&below)?;
        // 0 to about 56 KiB, 14 KiB on average.
        let size = usize::try_from((n * 7919) % 240).unwrap_or(0).pow(2);
        std::fs::write(below.join(format!("file_{n}.rs")), vec![0; size])?;
    }
    Ok(folder)
}

fn hashing(criterion: &mut Criterion) {
    let folder = folder().expect("a temporary folder");
    let exclude = Patterns::default();
    let walk = Walk {
        root: folder.path(),
        exclude: &exclude,
        skip: &[],
        stop: &|| false,
        progress: &|_, _| (),
    };
    let before = Tree::read(&walk).expect("a tree");
    let later = nanoseconds() + 10_000_000_000;

    let mut group = criterion.benchmark_group("hashing");
    group.throughput(Throughput::Bytes(before.totals().bytes));
    group.bench_function("first look", |bench| bench.iter(|| Tree::read(black_box(&walk))));
    group.throughput(Throughput::Elements(FILES));
    group.bench_function("second look", |bench| {
        bench.iter(|| compare(&before, black_box(&walk), later, false).map(|seen| seen.hashed));
    });
    group.bench_function("root digest", |bench| bench.iter(|| before.root_digest(|_| true)));
    group.finish();
}

criterion_group!(benches, hashing);
criterion_main!(benches);
