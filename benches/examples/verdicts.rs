//! Throw-away: all findings and what verdicts say. `verdicts CONFIG need|all FOLDER...`
use std::path::PathBuf;
use tamis_common::config::Config;
use tamis_common::mails::Mails;
use tamis_engine::Answers;
fn main() {
    let mut args = std::env::args().skip(1);
    let config = Config::find(Some(&PathBuf::from(args.next().unwrap()))).unwrap();
    let all = args.next().unwrap() == "all";
    let engine = config.builder().build().unwrap();
    let paths: Vec<PathBuf> = args.map(PathBuf::from).collect();
    let mails = Mails::open(&paths, 1 << 30).ok().unwrap();
    engine.run_many(
        mails,
        2,
        |worker, job| {
            worker.find_all(all);
            let message = job.load().ok().unwrap();
            let examined = worker.examine(&tamis_engine::Mail::new(&message.raw));
            let findings = format!("{:?}", examined.findings());
            let verdict = worker.judge(examined, &Answers::new());
            format!("{} {findings}\n{:?}\n", message.path, verdict)
        },
        |text| print!("{text}"),
    );
}
