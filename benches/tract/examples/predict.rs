//! Runs an exported network on one image, without nasfw.

use tract_onnx::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(network), Some(photo)) = (args.next(), args.next()) else {
        return Err("usage: predict NETWORK.onnx IMAGE.png".into());
    };
    let photo = image::open(photo)?.to_rgb8();
    let (height, width) = (photo.height() as usize, photo.width() as usize);
    let image = Tensor::from_shape(&[1, height, width, 3], photo.as_raw())?;
    let plan = tract_onnx::onnx()
        .model_for_path(network)?
        .with_input_fact(0, InferenceFact::dt_shape(u8::datum_type(), image.shape()))?
        .into_optimized()?
        .into_runnable()?;
    let outputs = plan.run(tvec!(image.into()))?;
    // (1, channels, height / output_stride, width / output_stride)
    let logits = outputs[0].to_plain_array_view::<f32>()?;
    println!("{:?}", logits.shape());
    Ok(())
}
