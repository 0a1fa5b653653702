//! Lets cargo notice a console that was built after the server was compiled.

fn main() {
    let console = "../../web/dist";
    let watched = if std::path::Path::new(console).exists() {
        console
    } else {
        "../../web"
    };
    println!("cargo::rerun-if-changed={watched}");
}
