//! Allocations: how many a message costs in a worker that has seen mail before, how many bytes, and how many at once.

use allocation_counter::measure;

use crate::Mail;

/// Scans everything once to fill the worker's buffers, and once counted.
pub(crate) fn run(mail: &Mail) -> Result<(), String> {
    let (config, engine) = mail.engine()?;
    let mut worker = engine.worker();
    let (mut messages, mut count, mut bytes, mut most) = (0_u64, 0, 0, 0);
    for counted in [false, true] {
        for job in mail.jobs(&config)? {
            let message = job.load().map_err(|error| error.to_string())?;
            let scanned = tamis_engine::Mail::new(&message.raw);
            let info = measure(|| drop(worker.scan(&scanned)));
            if counted {
                messages += 1;
                count += info.count_total;
                bytes += info.bytes_total;
                most = most.max(info.bytes_max);
            }
        }
    }
    println!("count messages {messages}");
    println!("allocations {count}");
    println!("allocated_bytes {bytes}");
    println!("most_bytes {most}");
    Ok(())
}
