import { z } from 'zod';

export const reviewCommentSchema = z.strictObject({
  file: z.string().min(1),
  line: z.number().int().min(1),
  message: z.string().min(1),
});

/** A verdict on a change, the reviewer's or the user's. */
export const reviewSchema = z.strictObject({
  verdict: z.enum(['approve', 'request_changes']),
  summary: z.string().min(1),
  comments: z.array(reviewCommentSchema).default([]),
});

/** A reviewer's verdict; an agent cannot ask for changes without saying where. */
export const agentReviewSchema = reviewSchema.refine(
  (review) => review.verdict === 'approve' || review.comments.length > 0,
  {
    message: 'a review that asks for changes needs at least one comment with file and line',
    path: ['comments'],
  },
);
