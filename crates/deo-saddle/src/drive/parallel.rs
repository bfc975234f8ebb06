//! Many jobs on a few threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs `job(0)` … `job(count − 1)` on `threads` threads; the results come in this order, whatever the threads did.
///
/// # Examples
///
/// ```
/// use deo_saddle::in_parallel;
/// assert_eq!(in_parallel(3, 5, |i| i * i), [0, 1, 4, 9, 16]);
/// ```
pub fn in_parallel<T: Send>(
    threads: usize,
    count: usize,
    job: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<T>>> = (0..count).map(|_| Mutex::new(None)).collect();
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, count.max(1)) {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    let Some(place) = results.get(i) else { return };
                    let result = job(i);
                    *place.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(result);
                }
            });
        }
    });
    let unlocked = results.into_iter().map(|place| place.into_inner());
    unlocked
        .map(|place| place.unwrap_or_else(|p| p.into_inner()).expect("every job has run"))
        .collect()
}
