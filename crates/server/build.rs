//! Lets cargo notice a console that was built after the server was compiled.
#![expect(clippy::print_stdout, reason = "this is how a build script talks to cargo")]

fn main() {
    let console = "../../web/dist";
    let watched = if std::path::Path::new(console).exists() {
        console
    } else {
        "../../web"
    };
    println!("cargo::rerun-if-changed={watched}");
}
