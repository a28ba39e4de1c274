//! Operations from maps to maps.

use dfdx::prelude::{Cpu, Gradients, Tape};
use dfdx::tensor::CpuError;
use nasfw_kernels as k;
use nasfw_sdk::Size;

use super::super::{Activation, Affine, BatchStatistics, Conv, Flat, Map, NORM_EPSILON, map_shape};
use super::{CpuKernels, elements, take_gradient};
use crate::error::Result;

/// Statistics of one batch, and the values that normalisation derives from them.
struct Normaliser {
    mean: Vec<f32>,
    variance: Vec<f32>,
    inv_std: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Normaliser {
    fn new(y: &[f32], gamma: &[f32], beta: &[f32]) -> Self {
        let channels = gamma.len();
        let (mut mean, mut variance) = (vec![0.0; channels], vec![0.0; channels]);
        k::batch_statistics(y, channels, &mut mean, &mut variance);
        let inv_std: Vec<f32> = variance
            .iter()
            .map(|v| 1.0 / (v + NORM_EPSILON).sqrt())
            .collect();
        let scale: Vec<f32> = gamma.iter().zip(&inv_std).map(|(g, i)| g * i).collect();
        let shift = (0..channels)
            .map(|c| beta[c] - mean[c] * scale[c])
            .collect();
        Self {
            mean,
            variance,
            inv_std,
            scale,
            shift,
        }
    }

    /// Turns the gradient of the result into that of the input, in place; those of γ and β go into
    /// `gradients`.
    fn backward(
        &self,
        gradients: &mut Gradients<f32, Cpu>,
        y: &[f32],
        gradient: &mut [f32],
        (gamma, beta): (&Flat<Cpu>, &Flat<Cpu>),
        activation: Activation,
    ) -> Result<(), CpuError> {
        let mut dgamma = take_gradient!(gradients, gamma);
        let dbeta = gradients.get_or_alloc_mut(beta)?;
        let norm = k::NormBackward {
            y,
            mean: &self.mean,
            inv_std: &self.inv_std,
            gamma: elements(gamma),
            beta: elements(beta),
            act: activation,
        };
        k::norm_backward(&norm, gradient, &mut dgamma, dbeta);
        **gradients.get_or_alloc_mut(gamma)? = dgamma;
        Ok(())
    }
}

impl CpuKernels {
    pub(super) fn convolve<T: Tape<f32, Cpu>>(
        &self,
        conv: &Conv,
        x: &Map<Cpu>,
        weight: &Flat<Cpu>,
        bias: Option<&Flat<Cpu>>,
        needs_input_gradient: bool,
        tape: &mut T,
    ) -> Result<Map<Cpu>> {
        let conv = Conv {
            input: map_shape(x),
            ..*conv
        };
        let mut y = k::UninitBuf::new(conv.output().len());
        k::conv_forward(
            &conv,
            elements(x),
            elements(weight),
            bias.map(elements),
            &mut y,
        );
        let out = self.map(conv.output(), y.into_vec())?;
        if T::OWNS_TAPE {
            let argument = needs_input_gradient.then(|| self.gradients.argument(x));
            let (x, weight, bias) = (x.clone(), weight.clone(), bias.map(Flat::ghost));
            let result = self.gradients.result(&out);
            tape.add_backward_op(move |gradients| {
                let dy = result.take(gradients)?;
                if let Some(bias) = bias {
                    k::bias_backward(&dy, conv.out_channels, gradients.get_or_alloc_mut(&bias)?);
                }
                let dweight = gradients.get_or_alloc_mut(&weight)?;
                k::conv_backward_weight(&conv, elements(&x), &dy, dweight);
                drop(x);
                match argument {
                    None => Ok(()),
                    Some(argument) => argument.add(gradients, |dx| {
                        k::conv_backward_input(&conv, elements(&weight), &dy, dx);
                    }),
                }
            });
        }
        Ok(out)
    }

    pub(super) fn normalise<T: Tape<f32, Cpu>>(
        &self,
        x: &Map<Cpu>,
        affine: Affine<'_, Cpu>,
        activation: Activation,
        tape: &mut T,
    ) -> Result<(Map<Cpu>, BatchStatistics<Cpu>)> {
        let normaliser =
            Normaliser::new(elements(x), elements(affine.gamma), elements(affine.beta));
        let mut z = k::UninitBuf::new(elements(x).len());
        k::scale_shift(
            elements(x),
            &normaliser.scale,
            &normaliser.shift,
            activation,
            &mut z,
        );
        let out = self.map(map_shape(x), z.into_vec())?;
        let statistics = BatchStatistics {
            mean: self.flat(normaliser.mean.clone())?,
            variance: self.flat(normaliser.variance.clone())?,
        };
        if T::OWNS_TAPE {
            let (result, argument) = (self.gradients.result(&out), self.gradients.argument(x));
            let (x, gamma, beta) = (x.clone(), affine.gamma.clone(), affine.beta.clone());
            tape.add_backward_op(move |gradients| {
                let mut dy = result.take(gradients)?;
                let affine = (&gamma, &beta);
                normaliser.backward(gradients, elements(&x), &mut dy, affine, activation)?;
                argument.give(gradients, dy)
            });
        }
        Ok((out, statistics))
    }

    #[expect(clippy::too_many_arguments, reason = "one step with all its operands")]
    pub(super) fn convolve_normalise<T: Tape<f32, Cpu>>(
        &self,
        conv: &Conv,
        x: &Map<Cpu>,
        weight: &Flat<Cpu>,
        affine: Affine<'_, Cpu>,
        activation: Activation,
        needs_input_gradient: bool,
        tape: &mut T,
    ) -> Result<(Map<Cpu>, BatchStatistics<Cpu>)> {
        let conv = Conv {
            input: map_shape(x),
            ..*conv
        };
        let mut y = k::UninitBuf::new(conv.output().len());
        k::conv_forward(&conv, elements(x), elements(weight), None, &mut y);
        let y = y.into_vec();
        let normaliser = Normaliser::new(&y, elements(affine.gamma), elements(affine.beta));
        let mut z = k::UninitBuf::new(y.len());
        k::scale_shift(&y, &normaliser.scale, &normaliser.shift, activation, &mut z);
        let out = self.map(conv.output(), z.into_vec())?;
        let statistics = BatchStatistics {
            mean: self.flat(normaliser.mean.clone())?,
            variance: self.flat(normaliser.variance.clone())?,
        };
        if T::OWNS_TAPE {
            let argument = needs_input_gradient.then(|| self.gradients.argument(x));
            let (x, weight) = (x.clone(), weight.clone());
            let (gamma, beta) = (affine.gamma.clone(), affine.beta.clone());
            let result = self.gradients.result(&out);
            tape.add_backward_op(move |gradients| {
                let mut dy = result.take(gradients)?;
                let affine = (&gamma, &beta);
                normaliser.backward(gradients, &y, &mut dy, affine, activation)?;
                drop(y);
                let dweight = gradients.get_or_alloc_mut(&weight)?;
                k::conv_backward_weight(&conv, elements(&x), &dy, dweight);
                drop(x);
                match argument {
                    None => Ok(()),
                    Some(argument) => argument.add(gradients, |dx| {
                        k::conv_backward_input(&conv, elements(&weight), &dy, dx);
                    }),
                }
            });
        }
        Ok((out, statistics))
    }

    pub(super) fn scale_and_shift<T: Tape<f32, Cpu>>(
        &self,
        x: &Map<Cpu>,
        scale: &Flat<Cpu>,
        shift: &Flat<Cpu>,
        activation: Activation,
        tape: &mut T,
    ) -> Result<Map<Cpu>> {
        let mut z = k::UninitBuf::new(elements(x).len());
        k::scale_shift(
            elements(x),
            elements(scale),
            elements(shift),
            activation,
            &mut z,
        );
        let out = self.map(map_shape(x), z.into_vec())?;
        if T::OWNS_TAPE {
            let (result, argument) = (self.gradients.result(&out), self.gradients.argument(x));
            let (x, scale, shift) = (x.clone(), scale.clone(), shift.clone());
            tape.add_backward_op(move |gradients| {
                let dz = result.take(gradients)?;
                let (scale, shift) = (elements(&scale), elements(&shift));
                argument.add(gradients, |dx| {
                    k::scale_shift_backward(elements(&x), &dz, scale, shift, activation, dx);
                })
            });
        }
        Ok(out)
    }

    pub(super) fn activate<T: Tape<f32, Cpu>>(
        &self,
        x: &Map<Cpu>,
        activation: Activation,
        tape: &mut T,
    ) -> Result<Map<Cpu>> {
        let mut y = k::UninitBuf::new(elements(x).len());
        k::activation_forward(activation, elements(x), &mut y);
        let out = self.map(map_shape(x), y.into_vec())?;
        if T::OWNS_TAPE {
            let (result, argument) = (self.gradients.result(&out), self.gradients.argument(x));
            let x = x.clone();
            tape.add_backward_op(move |gradients| {
                let dy = result.take(gradients)?;
                argument.add(gradients, |dx| {
                    k::activation_backward(activation, elements(&x), &dy, dx);
                })
            });
        }
        Ok(out)
    }

    pub(super) fn resize_bilinear<T: Tape<f32, Cpu>>(
        &self,
        x: &Map<Cpu>,
        size: Size,
        tape: &mut T,
    ) -> Result<Map<Cpu>> {
        let input = map_shape(x);
        let size = (size.height, size.width);
        let output = k::MapShape::new(input.batch, size.0, size.1, input.channels);
        let mut y = k::UninitBuf::new(output.len());
        k::resize_forward(input, size, elements(x), &mut y);
        let out = self.map(output, y.into_vec())?;
        if T::OWNS_TAPE {
            let (result, argument) = (self.gradients.result(&out), self.gradients.argument(x));
            tape.add_backward_op(move |gradients| {
                let dy = result.take(gradients)?;
                argument.add(gradients, |dx| k::resize_backward(input, size, &dy, dx))
            });
        }
        Ok(out)
    }

    pub(super) fn pool<T: Tape<f32, Cpu>>(&self, x: &Map<Cpu>, tape: &mut T) -> Result<Map<Cpu>> {
        let input = map_shape(x);
        let output = k::MapShape::new(input.batch, 1, 1, input.channels);
        let mut y = k::UninitBuf::new(output.len());
        k::global_average_forward(input, elements(x), &mut y);
        let out = self.map(output, y.into_vec())?;
        if T::OWNS_TAPE {
            let (result, argument) = (self.gradients.result(&out), self.gradients.argument(x));
            tape.add_backward_op(move |gradients| {
                let dy = result.take(gradients)?;
                argument.add(gradients, |dx| k::global_average_backward(input, &dy, dx))
            });
        }
        Ok(out)
    }

    pub(super) fn sum<T: Tape<f32, Cpu>>(
        &self,
        xs: &[&Map<Cpu>],
        tape: &mut T,
    ) -> Result<Map<Cpu>> {
        let parts: Vec<&[f32]> = xs.iter().map(|x| elements(x)).collect();
        let mut y = k::UninitBuf::new(parts[0].len());
        k::add_forward(&parts, &mut y);
        let out = self.map(map_shape(xs[0]), y.into_vec())?;
        if T::OWNS_TAPE {
            let result = self.gradients.result(&out);
            let arguments: Vec<_> = xs.iter().map(|x| self.gradients.argument(x)).collect();
            tape.add_backward_op(move |gradients| {
                let dy = result.take(gradients)?;
                let Some((last, others)) = arguments.split_last() else {
                    return Ok(());
                };
                for argument in others {
                    argument.add(gradients, |dx| k::accumulate(dx, &dy))?;
                }
                last.give(gradients, dy)
            });
        }
        Ok(out)
    }

    pub(super) fn concatenate<T: Tape<f32, Cpu>>(
        &self,
        xs: &[&Map<Cpu>],
        tape: &mut T,
    ) -> Result<Map<Cpu>> {
        let parts: Vec<(&[f32], usize)> = xs
            .iter()
            .map(|x| (elements(x), map_shape(x).channels))
            .collect();
        let channels: usize = parts.iter().map(|p| p.1).sum();
        let output = k::MapShape {
            channels,
            ..map_shape(xs[0])
        };
        let mut y = k::UninitBuf::new(output.len());
        k::concat_forward(&parts, &mut y);
        let out = self.map(output, y.into_vec())?;
        if T::OWNS_TAPE {
            let result = self.gradients.result(&out);
            let arguments: Vec<_> = xs
                .iter()
                .map(|x| (self.gradients.argument(x), map_shape(x).channels))
                .collect();
            tape.add_backward_op(move |gradients| {
                let dy = result.take(gradients)?;
                let mut offset = 0;
                for (argument, width) in &arguments {
                    argument.add(gradients, |dx| {
                        k::concat_backward(&dy, channels, offset, *width, dx);
                    })?;
                    offset += width;
                }
                Ok(())
            });
        }
        Ok(out)
    }
}
